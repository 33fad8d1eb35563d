import Pricing
import Results

/// What a job costs, for people and for programs.
struct PlanPage {
  /// A job, or a stage of one.
  struct Part {
    let name: String
    let price: Price
  }
  enum Price {
    case training(TrainingPrice)
    case sweep(SweepPrice)
    case unpriced(job: String)
  }

  let parts: [Part]
  let timed: TimedThroughput
  let sharesHost: Bool

  var fits: Bool { parts.allSatisfy(\.price.fits) }

  var lines: [String] {
    var lines: [String] = []
    for part in parts {
      if !lines.isEmpty { lines.append("") }
      switch part.price {
      case .training(let price): lines += Self.lines(part.name, price, sharesHost: sharesHost)
      case .sweep(let price): lines += Self.lines(part.name, price, sharesHost: sharesHost)
      case .unpriced(let job): lines.append("! \(part.name): what `job: \(job)` costs is not known")
      }
    }
    if parts.count > 1 { lines += ["", sum] }
    for speed in timed.used {
      lines += speed == timed.used.first ? [""] : []
      lines.append(
        speed.isMeasured
          ? "speed: \(fixed(speed.flops / 1e9, digits: 0)) GFLOP/s of training, timed on \(speed.threads) threads here"
          : "speed: \(fixed(speed.flops / 1e9, digits: 0)) GFLOP/s of training, as given")
    }
    return lines
  }

  private var sum: String {
    let seconds = parts.reduce(0) { $0 + $1.price.seconds }
    let tokens = parts.reduce(0) { $0 + $1.price.tokens }
    let sent = parts.reduce(0) { $0 + $1.price.sentBytes }
    let unpriced = parts.count { if case .unpriced = $0.price { true } else { false } }
    let counted =
      unpriced == 0
      ? "all \(parts.count) stages" : "\(parts.count - unpriced) of \(parts.count) stages, those that are priced,"
    return "\(counted) one after the other: \(duration(seconds)), \(grouped(UInt64(tokens))) tokens, "
      + "\(size(sent)) on the wire"
  }

  static func lines(_ name: String, _ price: TrainingPrice, sharesHost: Bool) -> [String] {
    let work = price.work
    var table = Table([("", .left), ("", .right), ("", .left), ("", .left)])
    func add(_ label: String, _ value: String, _ basis: Figure.Basis, _ note: String = "") {
      table.add([label, value, basis.rawValue, note])
    }
    func add(_ label: String, _ value: String, _ figure: Figure, _ note: String = "") {
      add(label, value, figure.basis, note)
    }
    add("parameters", grouped(UInt64(work.parameters)), .computed)
    add(
      "tokens", grouped(UInt64(work.tokens)), .computed,
      "\(grouped(UInt64(work.steps))) steps of \(work.globalBatchSize) × \(work.sequenceLength), \(work.slices) slices")
    add(
      "operations", scientific(work.flops), work.referenceTokens == nil ? .computed : .estimated,
      "forward and backward, with evaluations" + (work.referenceTokens == nil ? "" : " and the reference"))
    let memory = price.memory
    add(
      "memory, a worker", size(memory.total), .computed,
      "weights \(size(memory.weights)), moments \(size(memory.moments)), gradient \(size(memory.gradient)), "
        + "exchange \(size(memory.exchange)), activations \(size(memory.activations))")
    add(
      "disk, checkpoints", size(price.checkpointBytes.value), price.checkpointBytes,
      "\(work.checkpointsKept) kept and one being written, and the model")
    if let corpus = price.corpusBytes { add("disk, prepared text", size(corpus.value), corpus) }
    let steps = Double(work.steps)
    if price.rawBytesPerStep.value > 0 {
      add(
        "wire, a step", size(price.sentBytesPerStep.value), price.sentBytesPerStep,
        "all workers together, \(size(price.rawBytesPerStep.value)) before packing")
      add("wire, in all", size(steps * price.sentBytesPerStep.value), price.sentBytesPerStep)
    }
    add(
      "time, a step", seconds(price.secondsPerStep.value), price.secondsPerStep,
      "computing \(seconds(price.computeSecondsPerStep.value)), update \(seconds(price.updateSecondsPerStep.value)), "
        + "exchange \(seconds(price.exchangeSecondsPerStep.value))")
    add("evaluations", duration(price.evaluationSeconds.value), price.evaluationSeconds)
    if let reference = price.referenceSeconds {
      add("reference", duration(reference.value), reference, "both answers of every pair, once")
    }
    add(
      "time, in all", duration(price.totalSeconds.value), price.totalSeconds,
      "\(rate(price.tokensPerSecond.value)) tokens/s; texts are prepared before that")
    let workers = price.cluster.workers
    let place = sharesHost ? "on this machine" : workers == 1 ? "on a host like this" : "on hosts like this"
    var lines = [
      "\(name): \(workers) worker\(workers == 1 ? "" : "s") of \(price.cluster.threads) threads and "
        + "\(size(Double(price.cluster.memoryBytes))) \(place)"
    ]
    lines += table.lines.dropFirst().map { "  \($0)" }
    return lines + verdicts(price)
  }

  private static func verdicts(_ price: TrainingPrice) -> [String] {
    var lines: [String] = []
    let memory = price.memory
    if price.fits {
      lines.append("  fits: \(size(memory.total)) of \(size(Double(price.cluster.memoryBytes)))")
    } else {
      let state = memory.weights + memory.moments + memory.gradient + memory.exchange
      let isActivations = state <= Double(price.cluster.memoryBytes)
      lines.append(
        "! does not fit: a worker needs \(size(memory.total)) and has \(size(Double(price.cluster.memoryBytes))). "
          + (isActivations
            ? "The activations are what is too much: lower recipe.sequence_length or the rows of a slice"
            : "Every worker holds the whole model and its moments; more workers do not help. Take workers with "
              + "more memory (--memory), or a smaller model. Spreading the state over workers, and training adapters "
              + "on a packed base, are not there yet"))
    }
    if price.busyWorkers < price.cluster.workers {
      lines.append(
        "! \(price.cluster.workers - price.busyWorkers) workers would idle: a step has \(price.work.slices) slices. "
          + "A larger recipe.global_batch_size has more")
    }
    if price.exchangeSecondsPerStep.value > price.computeSecondsPerStep.value {
      lines.append("! the exchange takes longer than computing: a faster link, a larger batch or fewer workers")
    }
    return lines
  }

  var object: JSONNode {
    [
      "schema": .integer(schemaVersion),
      "jobs": .array(
        parts.map { part in
          switch part.price {
          case .training(let price): Self.object(part.name, price)
          case .sweep(let price): Self.object(part.name, price)
          case .unpriced(let job): ["name": .string(part.name), "job": .string(job), "priced": .boolean(false)]
          }
        }),
      "total_seconds": .number(parts.reduce(0) { $0 + $1.price.seconds }),
      "fits": .boolean(fits),
    ]
  }

  static func object(_ name: String, _ price: TrainingPrice) -> JSONNode {
    let memory = price.memory
    return [
      "name": .string(name), "job": .string("cpt"), "parameters": .integer(Int64(price.work.parameters)),
      "tokens": .integer(Int64(price.work.tokens)), "steps": .integer(Int64(price.work.steps)),
      "flops": .number(price.work.flops),
      "workers": .integer(Int64(price.cluster.workers)), "busy_workers": .integer(Int64(price.busyWorkers)),
      "threads": .integer(Int64(price.cluster.threads)),
      "memory_bytes": [
        "total": .number(memory.total), "weights": .number(memory.weights), "moments": .number(memory.moments),
        "gradient": .number(memory.gradient), "exchange": .number(memory.exchange),
        "activations": .number(memory.activations), "available": .unsigned(price.cluster.memoryBytes),
      ],
      "fits": .boolean(price.fits), "checkpoint_bytes": figure(price.checkpointBytes),
      "corpus_bytes": price.corpusBytes.map(figure) ?? .null, "raw_bytes_per_step": figure(price.rawBytesPerStep),
      "sent_bytes_per_step": figure(price.sentBytesPerStep), "step_seconds": figure(price.secondsPerStep),
      "compute_seconds_per_step": figure(price.computeSecondsPerStep),
      "update_seconds_per_step": figure(price.updateSecondsPerStep),
      "exchange_seconds_per_step": figure(price.exchangeSecondsPerStep),
      "evaluation_seconds": figure(price.evaluationSeconds),
      "reference_seconds": price.referenceSeconds.map(figure) ?? .null, "total_seconds": figure(price.totalSeconds),
      "tokens_per_second": figure(price.tokensPerSecond),
    ]
  }
}

/// A number with where it comes from.
func figure(_ figure: Figure) -> JSONNode {
  ["value": .number(figure.value), "basis": .string(figure.basis.rawValue)]
}

func size(_ value: Double) -> String { bytes(UInt64(max(0, min(value, 1e18)))) }

private func seconds(_ value: Double) -> String {
  value < 0.0995
    ? "\(fixed(1000 * value, digits: 1)) ms" : value < 99.5 ? "\(fixed(value, digits: 2)) s" : duration(value)
}

/// `1.23e15`
func scientific(_ value: Double) -> String {
  var (mantissa, exponent) = (value, 0)
  while mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  return exponent < 4 ? fixed(value, digits: 0) : "\(fixed(mantissa, digits: 2))e\(exponent)"
}

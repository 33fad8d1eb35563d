import Pricing
import Results

/// A price for people and for programs.
struct PlanPage {
  let prices: [(name: String, price: TrainingPrice)]
  let timed: TimedThroughput
  let sharesHost: Bool

  var lines: [String] {
    var lines: [String] = []
    for (name, price) in prices {
      if !lines.isEmpty { lines.append("") }
      lines += Self.lines(name, price, sharesHost: sharesHost)
    }
    if prices.count > 1 {
      lines.append("")
      let seconds = prices.reduce(0) { $0 + $1.price.totalSeconds.value }
      let tokens = prices.reduce(0) { $0 + $1.price.work.tokens }
      let sent = prices.reduce(0) { $0 + Double($1.price.work.steps) * $1.price.sentBytesPerStep.value }
      lines.append(
        "all \(prices.count) stages one after the other: \(duration(seconds)), \(grouped(UInt64(tokens))) tokens, "
          + "\(size(sent)) on the wire")
    }
    if let speed = timed.used.first {
      lines.append("")
      lines.append(
        speed.isMeasured
          ? "speed: \(fixed(speed.flops / 1e9, digits: 0)) GFLOP/s of training, timed on \(speed.threads) threads here"
          : "speed: \(fixed(speed.flops / 1e9, digits: 0)) GFLOP/s of training, as given")
    }
    return lines
  }

  private static func lines(_ name: String, _ price: TrainingPrice, sharesHost: Bool) -> [String] {
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
      "operations", scientific(work.trainingFlops + work.evaluationFlops), .computed,
      "forward and backward, with evaluations")
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
      "jobs": .array(prices.map { Self.object($0.name, $0.price) }),
      "total_seconds": .number(prices.reduce(0) { $0 + $1.price.totalSeconds.value }),
      "fits": .boolean(prices.allSatisfy(\.price.fits)),
    ]
  }

  private static func object(_ name: String, _ price: TrainingPrice) -> JSONNode {
    func figure(_ figure: Figure) -> JSONNode {
      ["value": .number(figure.value), "basis": .string(figure.basis.rawValue)]
    }
    let memory = price.memory
    return [
      "name": .string(name), "parameters": .integer(Int64(price.work.parameters)),
      "tokens": .integer(Int64(price.work.tokens)), "steps": .integer(Int64(price.work.steps)),
      "flops": .number(price.work.trainingFlops + price.work.evaluationFlops),
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
      "evaluation_seconds": figure(price.evaluationSeconds), "total_seconds": figure(price.totalSeconds),
      "tokens_per_second": figure(price.tokensPerSecond),
    ]
  }
}

private func size(_ value: Double) -> String { bytes(UInt64(max(0, min(value, 1e18)))) }

private func seconds(_ value: Double) -> String {
  value < 0.0995
    ? "\(fixed(1000 * value, digits: 1)) ms" : value < 99.5 ? "\(fixed(value, digits: 2)) s" : duration(value)
}

/// `1.23e15`
private func scientific(_ value: Double) -> String {
  var (mantissa, exponent) = (value, 0)
  while mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  return exponent < 4 ? fixed(value, digits: 0) : "\(fixed(mantissa, digits: 2))e\(exponent)"
}

import Pricing
import Results

extension PlanPage.Price {
  var seconds: Double {
    switch self {
    case .training(let price): price.totalSeconds.value
    case .sweep(let price): price.totalSeconds.value
    case .unpriced: 0
    }
  }

  var tokens: Int {
    switch self {
    case .training(let price): price.work.tokens
    case .sweep(let price): price.tokens
    case .unpriced: 0
    }
  }

  /// Bytes on the wire in all. A sweep's cells exchange nothing.
  var sentBytes: Double {
    if case .training(let price) = self { Double(price.work.steps) * price.sentBytesPerStep.value } else { 0 }
  }

  var fits: Bool {
    switch self {
    case .training(let price): price.fits
    case .sweep(let price): price.fits
    case .unpriced: true
    }
  }
}

extension PlanPage {
  static func lines(_ name: String, _ price: SweepPrice, sharesHost: Bool) -> [String] {
    let cells = price.work.cells
    let workers = price.cluster.workers
    let threads = min(price.work.threadsPerCell, price.cluster.threads)
    var table = Table([("", .left), ("", .right), ("", .left), ("", .left)])
    func add(_ label: String, _ value: String, _ basis: Figure.Basis, _ note: String = "") {
      table.add([label, value, basis.rawValue, note])
    }
    let parameters = Set(cells.map(\.parameters)).sorted().map { grouped(UInt64($0)) }
    add("parameters", parameters.joined(separator: ", "), .computed)
    let steps = Set(cells.map(\.steps)).sorted().map { grouped(UInt64($0)) }
    add(
      "tokens", grouped(UInt64(price.tokens)), .computed,
      "\(cells.count) cells of \(steps.joined(separator: ", ")) steps, on one set of tokenized texts")
    add("operations", scientific(price.flops), .computed, "forward and backward, with evaluations")
    let largest = price.cells.map(\.memory.total).max() ?? 0
    add(
      "memory, a worker", size(price.memoryBytes), .computed,
      "\(price.sideBySide) cell\(price.sideBySide == 1 ? "" : "s") at a time, \(size(largest)) each")
    add(
      "disk, checkpoints", size(price.checkpointBytes.value), price.checkpointBytes.basis,
      "of the cells in training; only curves and tables are kept")
    if let corpus = price.corpusBytes { add("disk, prepared text", size(corpus.value), corpus.basis) }
    let seconds = price.cells.map(\.totalSeconds.value)
    add(
      "time, a cell", duration(seconds.max() ?? 0), price.cells.first?.totalSeconds.basis ?? .estimated,
      "the longest, on \(threads) thread\(threads == 1 ? "" : "s"); all together \(duration(seconds.reduce(0, +)))")
    add(
      "time, in all", duration(price.totalSeconds.value), price.totalSeconds.basis,
      "\(workers * price.sideBySide) cells at a time; texts are prepared before that")
    if let allowed = price.work.hoursAllowed {
      let hours = seconds.reduce(0, +) / 3600
      add(
        "budget", "\(fixed(allowed, digits: 2)) h", .computed,
        hours <= allowed ? "kept: \(fixed(hours, digits: 2)) of runners" : "exceeded: \(fixed(hours, digits: 2))")
    }
    let place = sharesHost ? "on this machine" : workers == 1 ? "on a host like this" : "on hosts like this"
    let available = Double(price.cluster.memoryBytes)
    var lines = [
      "\(name): \(workers) worker\(workers == 1 ? "" : "s") of \(price.cluster.threads) threads and "
        + "\(size(available)) \(place)"
    ]
    lines += table.lines.dropFirst().map { "  \($0)" }
    lines.append(
      price.fits
        ? "  fits: \(size(price.memoryBytes)) of \(size(available))"
        : "! does not fit: a cell needs \(size(largest)) and a worker has \(size(available)). Take workers with more "
          + "memory (--memory), or a smaller model")
    let places = workers * price.sideBySide
    if places > cells.count {
      lines.append("! \(places - cells.count) places would idle: there are \(cells.count) cells")
    }
    return lines
  }

  static func object(_ name: String, _ price: SweepPrice) -> JSONNode {
    [
      "name": .string(name), "job": .string("sweep"), "cells": .integer(Int64(price.cells.count)),
      "cells_at_a_time": .integer(Int64(price.cluster.workers * price.sideBySide)),
      "tokens": .integer(Int64(price.tokens)), "flops": .number(price.flops),
      "workers": .integer(Int64(price.cluster.workers)), "threads": .integer(Int64(price.cluster.threads)),
      "threads_per_cell": .integer(Int64(price.work.threadsPerCell)),
      "memory_bytes": ["total": .number(price.memoryBytes), "available": .unsigned(price.cluster.memoryBytes)],
      "fits": .boolean(price.fits), "checkpoint_bytes": figure(price.checkpointBytes),
      "corpus_bytes": price.corpusBytes.map(figure) ?? .null,
      "cell_seconds": .array(price.cells.map { figure($0.totalSeconds) }),
      "total_seconds": figure(price.totalSeconds),
    ]
  }
}

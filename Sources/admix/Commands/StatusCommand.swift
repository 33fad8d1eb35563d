import ArgumentParser
import ControlClient
import Results
import WireProtocol

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Tells what runs, how fast, what it waits for, and what to do about it.")

  @OptionGroup var coordinator: CoordinatorAddress
  @Flag(help: "Show it again every second until Ctrl-C.") var watch = false
  @Flag(help: "Also list the workers.") var workers = false
  @Flag(help: "Print JSON; with --watch an object a line.") var json = false

  func run() throws {
    let connection = try coordinator.connect()
    defer { connection.close() }
    if watch { Interrupts.count() }
    repeat {
      let status = try connection.status()
      if json {
        Console.shared.print(statusObject(status).text(indented: !watch))
      } else {
        var lines = statusLines(status) + (try graphs(status, connection)) + (try cells(status, connection))
        if workers { lines += [""] + workerLines(status.workers) }
        if watch { Console.shared.page(lines) } else { Console.shared.print(lines) }
      }
      if watch { nap(.seconds(1), interrupts: 0) }
    } while watch && Interrupts.number == 0 && Console.shared.hasReader
  }

  /// Of every pipeline that is not over.
  private func graphs(_ status: ClusterStatus, _ connection: CoordinatorConnection) throws -> [String] {
    try status.jobs.filter { $0.parent.number == 0 && $0.kind == "pipeline" && !$0.state.isFinal }.flatMap { job in
      ["", "\(job.id) \(job.name)"] + (try pipelineLines(try connection.detail(of: job.id), in: status))
    }
  }

  /// The cells of every sweep that runs.
  private func cells(_ status: ClusterStatus, _ connection: CoordinatorConnection) throws -> [String] {
    let running = status.jobs.filter { $0.kind == "sweep" && $0.state == .running && $0.phase.hasPrefix("cells") }
    return try running.flatMap { job in
      let lines = shardLines(try connection.detail(of: job.id).shards)
      return lines.isEmpty ? [] : ["", "\(job.id) \(job.name)"] + lines
    }
  }
}

import Foundation
import JobKit
import Study

/// The one shard of a study: tables in, the answer and the numbers that later stages take out.
struct StudyShard {
  private let context: ShardContext
  private let request: StudyRequest

  init(_ context: ShardContext) throws {
    self.context = context
    request = try JSONDecoder().decode(StudyRequest.self, from: Data(context.payload))
  }

  func run() throws -> ShardResult {
    context.progress("reading the cells", 0)
    let tables = try TableInputs.read(context.inputs)
    let options = request.options.filled(from: tables.roles)
    context.progress("fitting", 0.1)
    let answer = try StudyAnswer(cells: tables.cells, curves: tables.curves, options: options.study)
    let choice = answer.recommendation
    var carried = Setting(ratio: choice.ratio.value, learningRate: choice.learningRate.value)
    let transfer = try transfer(of: carried)
    var values = ["almr": carried.ratio, "learning_rate": carried.learningRate]
    if let transfer {
      carried = transfer.chosen
      values["transfer.almr"] = carried.ratio
      values["transfer.learning_rate"] = carried.learningRate
      values["transfer.learning_rate_low"] = transfer.learningRateBand.lower
      values["transfer.learning_rate_high"] = transfer.learningRateBand.upper
    }
    let files = ResultFolder(context.scratchDirectory + "/study")
    try files.write(answer.json, "answer.json")
    try files.write(answer.markdown, "answer.md")
    for table in answer.csvFiles { try files.write(table.text, table.name) }
    if let transfer {
      try files.write(transfer.json, "transfer.json")
      try files.write(transfer.markdown, "transfer.md")
    }
    let settled = SettledStudy(
      options: options, carried: .init(almr: carried.ratio, learningRate: carried.learningRate))
    try files.write(String(decoding: try encoded(settled), as: UTF8.self), SettledStudy.file)
    let found = ResultFolder(context.scratchDirectory + "/values")
    try found.write(String(decoding: try encoded(values), as: UTF8.self), StageValue.file)
    return ShardResult(
      outputs: [
        OutputTree(name: StudyJob.tree, directory: files.path),
        OutputTree(name: StageValue.tree, directory: found.path),
      ], result: String(decoding: try encoded(["study": values]), as: UTF8.self))
  }

  private func transfer(of setting: Setting) throws -> Transfer? {
    guard let written = request.transfer else { return nil }
    var options = TransferOptions()
    options.byBytes = written.byBytes
    options.growsRatio = written.growsRatio
    options.smallTokens = written.smallTokens
    options.largeTokens = written.largeTokens
    return try Transfer(
      of: setting, from: written.small.study, to: written.large.study,
      maximumRetainedRise: request.options.maximumRetainedRise, options: options)
  }
}

/// What a later `verify` needs to know: what was asked, and the setting that was carried.
struct SettledStudy: Codable {
  static let file = "settled.json"

  struct Carried: Codable {
    let almr: Double
    let learningRate: Double
  }
  let options: StudyRequest.Options
  let carried: Carried
}

/// A directory that becomes an output tree.
struct ResultFolder {
  let path: String

  init(_ path: String) { self.path = path }

  func write(_ text: String, _ name: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }
}

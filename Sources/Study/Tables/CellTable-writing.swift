// Writing of cells.csv and curves.csv, so that reading gives the same table again.

extension CellTable {
  /// The table as RFC 4180 text with LF line ends. Numbers are written with the fewest digits that read back as the
  /// same Double. `initial_NAME` columns are written where a loss before training is known, `parameters` only where a
  /// cell has it.
  public var csv: String {
    let hasParameters = cells.contains { $0.parameters != nil }
    let initialSets = validationSets.indices.filter { initialLosses[$0] != nil }
    var header = ["almr", "learning_rate", "seed", "step", "tokens"]
    if hasParameters { header.append("parameters") }
    header += ["status", "config_hash"]
    header += validationSets.map { "loss_\($0)" } + initialSets.map { "initial_\(validationSets[$0])" }
    var text = header.map(csvField).joined(separator: ",") + "\n"
    for cell in cells {
      var fields = [
        cell.ratio.description, cell.learningRate.description, cell.seed.description, cell.step?.description ?? "",
        cell.tokens.map(Self.count) ?? "",
      ]
      if hasParameters { fields.append(cell.parameters.map(Self.count) ?? "") }
      fields += [cell.status.rawValue, cell.configHash]
      fields += cell.losses.map { $0?.description ?? "" }
      fields += initialSets.map { initialLosses[$0]?.description ?? "" }
      text += fields.map(csvField).joined(separator: ",") + "\n"
    }
    return text
  }

  /// Counts without a fraction.
  private static func count(_ value: Double) -> String { Int64(exactly: value)?.description ?? value.description }
}

import Foundation
import JobKit
import Study
import WireProtocol

/// One of the tables that a study reads, as the job file names it.
struct TableInput {
  let scalar: SpecScalar
  let reference: InputReference
  /// Nil for an earlier stage's.
  let localPath: String?
}

/// Tables on their way into a runner: the output tree of a sweep, or a CSV file with its columns.
enum TableInputs {
  static func planned(_ cells: [SpecScalar], context: any PlanningContext) throws -> [TableInput] {
    try cells.enumerated().map { index, path in
      let input = try context.input(named: "cells-\(index)", path: path, kind: .fileOrDirectory)
      return TableInput(scalar: path, reference: input.reference, localPath: input.localPath)
    }
  }

  static func hasRoles(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path + "/sweep.json") }

  struct Tables {
    let cells: CellTable
    let curves: CellTable?
    let roles: SweepRoles?
  }

  /// All tables among the inputs, joined.
  static func read(_ inputs: [String: String]) throws -> Tables {
    var (cells, curves, roles): ([CellTable], [CellTable], [SweepRoles]) = ([], [], [])
    let directories = (0..<inputs.count).compactMap { inputs["cells-\($0)"] }
    for directory in directories {
      let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
      func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
      }
      let table = names.contains("cells.csv") ? "cells.csv" : names.first { $0.hasSuffix(".csv") }
      guard let table else {
        throw StudyError(
          .notCSV, names.joined(separator: ", "), found: "no table", expected: "cells.csv, as a sweep writes it")
      }
      cells.append(try CellTable(csv: try bytes(table), name: table, rows: .runs))
      if names.contains("curves.csv") {
        curves.append(try CellTable(csv: try bytes("curves.csv"), name: "curves.csv", rows: .evaluations))
      }
      if names.contains("sweep.json") {
        roles.append(try JSONDecoder().decode(SweepRoles.self, from: Data(try bytes("sweep.json"))))
      }
    }
    if let first = roles.first, let other = roles.first(where: { $0.sets != first.sets }) {
      throw StudyError(
        .mismatchedSets, "sweep.json", found: other.sets.map(\.name).joined(separator: ", "),
        expected: "the sets of the first sweep, \(first.sets.map(\.name).joined(separator: ", "))",
        wayOut: "cells can be compared only on the same held-out texts")
    }
    let schedules = roles.map(\.schedule)
    let isShared = schedules.allSatisfy { $0 == schedules[0] }
    return Tables(
      cells: try joined(cells), curves: curves.count == cells.count ? try joined(curves) : nil,
      roles: roles.first.map { SweepRoles(sets: $0.sets, schedule: isShared ? $0.schedule : nil) })
  }

  /// Rows of several tables over the same validation sets, in the order of the tables. A cell that stands in two with
  /// the same losses is kept once.
  static func joined(_ tables: [CellTable]) throws(StudyError) -> CellTable {
    guard var whole = tables.first else {
      throw StudyError(.notCSV, "cells", found: "no table", expected: "at least one")
    }
    for table in tables.dropFirst() {
      guard Set(table.validationSets) == Set(whole.validationSets) else {
        throw StudyError(
          .mismatchedSets, table.name, found: "losses of \(table.validationSets.joined(separator: ", "))",
          expected: "those of the first table, \(whole.validationSets.joined(separator: ", "))",
          wayOut: "cells can be compared only on the same held-out texts")
      }
      let order = whole.validationSets.map { set in table.validationSets.firstIndex(of: set) ?? 0 }
      for cell in table.cells {
        var cell = cell
        cell.losses = order.map { cell.losses[$0] }
        let twin = whole.cells.first {
          $0.key == cell.key && $0.seed == cell.seed && $0.step == cell.step && $0.tokens == cell.tokens
        }
        if let twin {
          guard twin.losses == cell.losses else {
            throw StudyError(
              .duplicateCells, "\(table.name) line \(cell.line)",
              found: "almr \(cell.ratio), learning_rate \(cell.learningRate), seed \(cell.seed) with other losses",
              expected: "each cell once", wayOut: "take one of the two tables' lines away")
          }
        } else {
          whole.cells.append(cell)
        }
      }
      whole.notes += table.notes
      for (set, place) in order.enumerated() where whole.initialLosses[set] == nil {
        whole.initialLosses[set] = table.initialLosses[place]
      }
    }
    return whole
  }
}

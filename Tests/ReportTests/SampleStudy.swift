import Foundation
import Results

@testable import Reports

/// A directory as `admix study recommend --output` leaves it: 4 ratios × 5 rates over a known surface, one cell of them
/// diverged, one stopped early.
final class SampleStudy {
  let directory: ScratchDirectory
  var newSet = "zh"
  var retained: [(name: String, isIndependent: Bool)] = [("wiki", true), ("code", false)]
  var answer: JSONNode
  var transfer: JSONNode?
  var verification: JSONNode?

  static let ratios = [0.1, 0.2, 0.4, 0.6]
  static let rates = [5e-5, 1e-4, 2e-4, 4e-4, 8e-4]
  private static let before = [4.0, 2.8, 1.4]

  init() throws {
    directory = try ScratchDirectory()
    answer = [:]
    answer = makeAnswer()
    transfer = [
      "almr": .number(0.4), "learning_rate": .number(8e-5), "from": Self.setting(0.4, 2e-4),
      "small": ["name": "small", "parameters": .number(1e6), "width": .integer(128), "layers": .integer(4)],
      "large": ["name": "large", "parameters": .number(8e6), "width": .integer(256), "layers": .integer(8)],
      "chosen": Self.setting(0.4, 8e-5), "factor": .number(0.4),
      "rules": [
        ["name": "width", "formula": "d/D", "factor": .number(0.5), "learning_rate": .number(1e-4)],
        ["name": "Step Law", "formula": "(N/n)^-0.713", "factor": .number(0.227), "learning_rate": .number(4.5e-5)],
      ],
      "learning_rate_low": .number(4.5e-5), "learning_rate_high": .number(1e-4), "why": "It lies low in the band.",
      "confirmation": [Self.setting(0.4, 8e-5)], "warnings": [],
    ]
    verification = [
      "verdict": "yes", "regret": .number(0.0012), "noise": .number(0.002),
      "cells": [
        Self.setting(0.4, 8e-5).merged(with: [
          "is_carried": .boolean(true), "new_loss": .number(2.41), "worst_retained_rise": .number(0.018),
          "worst_set": "wiki", "keeps_constraint": .boolean(true),
        ])
      ], "sentences": ["It held."],
    ]
  }

  static func setting(_ almr: Double, _ rate: Double) -> JSONNode {
    ["almr": .number(almr), "learning_rate": .number(rate)]
  }

  private func estimate(_ value: Double, _ spread: Double = 0.1) -> JSONNode {
    ["value": .number(value), "low": .number(value - spread), "high": .number(value + spread)]
  }

  private func loss(_ set: Int, _ almr: Double, _ rate: Double) -> Double {
    let d = Foundation.log(rate / 3e-4)
    switch set {
    case 0: return 2.5 + exp(-5 * almr) + 0.03 * d * d
    case 1: return 2.8 * (0.99 + 0.09 * almr * almr + 0.004 * max(0, d) * max(0, d))
    default: return 1.4 * (0.995 + 0.05 * almr * almr)
    }
  }

  private func makeAnswer() -> JSONNode {
    let names = [newSet] + retained.map(\.name)
    let losses = names.enumerated().map { index, name -> JSONNode in
      let after = loss(index, 0.4, 2e-4)
      return [
        "set": .string(name), "role": index == 0 ? "new" : "retained",
        "is_independent": .boolean(index > 0 && retained[index - 1].isIndependent),
        "before": .number(Self.before[index]), "after": estimate(after, 0.01),
        "change": estimate(after / Self.before[index] - 1, 0.002),
        "limit": index == 1 ? .number(2.8 * 1.03) : .null, "is_binding": .boolean(index == 1),
      ]
    }
    func surface(_ name: String, _ value: (Double, Double) -> Double) -> JSONNode {
      [
        "name": .string(name), "almr": .array(Self.ratios.map(JSONNode.number)),
        "learning_rates": .array(Self.rates.map(JSONNode.number)),
        "values": .array(Self.ratios.map { r in .array(Self.rates.map { .number(value(r, $0)) }) }),
      ]
    }
    let choice: JSONNode = [
      "almr": estimate(0.4, 0.05),
      "learning_rate": ["value": .number(2e-4), "low": .number(1.5e-4), "high": .number(3e-4)],
      "losses": .array(losses), "binding_set": "wiki", "edges": [],
    ]
    return [
      "schema": .integer(1), "almr": .number(0.4), "learning_rate": .number(2e-4),
      "options": [
        "new_sets": [["name": .string(newSet), "weight": .integer(1)]], "max_retained_rise": .number(0.03),
        "confidence": .number(0.9),
      ],
      "cells": [
        "table": "cells.csv", "completed": .integer(18), "early_stopped": .integer(1), "diverged": .integer(1),
      ],
      "opening_warning": .null, "predictor": ["law": "response surface", "why": "lowest left-out error"],
      "recommendation": choice, "weighted": choice,
      "feasibility": ["is_feasible": .boolean(true), "probability": .number(0.97), "sentence": "It can be kept."],
      "ridge": [
        "points": .array(
          Self.ratios.map {
            [
              "almr": .number($0),
              "learning_rate": ["value": .number(3e-4), "low": .number(2e-4), "high": .number(4e-4)],
              "is_at_edge": .boolean(false),
            ]
          }), "sentence": "The ridge is level.",
      ],
      "pareto_front": .array(
        Self.ratios.map {
          Self.setting($0, 2e-4).merged(with: [
            "new_loss": .number(loss(0, $0, 2e-4)), "worst_retained_rise": .number(loss(1, $0, 2e-4) / 2.8 - 1),
            "worst_set": "wiki",
          ])
        }),
      "surfaces": .array(names.indices.map { index in surface(names[index]) { loss(index, $0, $1) } }),
      "regret": surface("regret") { loss(0, $0, $1) / loss(0, 0.4, 2e-4) - 1 },
      "laws": [
        [
          "law": "response surface", "source": "here", "formula": "…", "set": .string(newSet),
          "parameters": [["name": "c", "value": .number(2.5), "low": .number(2), "high": .number(3)]],
          "cells": .integer(18), "parameter_count": .integer(6), "rank": .integer(6),
          "residual_error": .number(0.004), "leave_one_out_error": .number(0.006), "refusal": .null,
          "unidentified": "",
        ],
        ["law": "D-CPT", "set": .string(newSet), "refusal": "D-CPT: has 4 ratios, needs 5", "unidentified": ""],
      ],
      "residuals": .array(
        Self.ratios.map {
          Self.setting($0, 2e-4).merged(with: [
            "set": .string(newSet), "observed": .number(loss(0, $0, 2e-4) * 1.001),
            "predicted": .number(loss(0, $0, 2e-4)), "treatment": "fitted",
          ])
        }),
      "pilots": [
        ["share": .number(0.5), "choice": Self.setting(0.45, 3e-4), "sentence": "half would have gone higher"]
      ],
      "next_cells": [Self.setting(0.4, 2e-4).merged(with: ["tokens": .integer(1000), "why": "at the choice"])],
      "warnings": ["The grid is coarse."], "distrust": ["There is one seed."],
      "questions": [["question": "Which ratio?", "answer": "0.4 of it."]], "notes": ["one cell diverged"],
    ]
  }

  /// Writes the files and returns their directory.
  func write() throws -> String {
    directory.write(answer.text(), to: "answer.json")
    if let transfer { directory.write(transfer.text(), to: "transfer.json") }
    if let verification { directory.write(verification.text(), to: "verification.json") }
    let names = [newSet] + retained.map(\.name)
    func quoted(_ text: String) -> String { "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" }
    let header =
      (["almr", "learning_rate", "seed", "step", "tokens", "status"] + names.map { quoted("loss_\($0)") }
      + names.map { quoted("initial_\($0)") }).joined(separator: ",") + "\n"
    var cells = header
    var curves = header
    for almr in Self.ratios {
      for rate in Self.rates {
        let status =
          almr == 0.6 && rate == 8e-4 ? "diverged" : almr == 0.1 && rate == 5e-5 ? "early_stopped" : "completed"
        for step in [0, 50, 100] {
          let values = names.indices.map { index in
            let end = loss(index, almr, rate)
            let value = end + (Self.before[index] - end) * exp(-0.05 * Double(step))
            return status == "diverged" && step == 100 ? "nan" : "\(value)"
          }
          let line =
            (["\(almr)", "\(rate)", "7", "\(step)", "\(step * 1000)", status] + values
            + Self.before.prefix(names.count).map { "\($0)" }).joined(separator: ",") + "\n"
          curves += line
          if step == 100 { cells += line }
        }
      }
    }
    directory.write(cells, to: "cells.csv")
    directory.write(curves, to: "curves.csv")
    return directory.path
  }

  func page() throws -> String {
    guard let report = StudyReport(directory: try write()) else { throw SampleRun.Missing() }
    return report.html
  }
}

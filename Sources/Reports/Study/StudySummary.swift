internal import Results

/// What stands above the fold, for programs: `report.json`.
struct StudySummary {
  let record: StudyRecord

  var json: JSONNode {
    let answer = StudyAnswerPart(record: record)
    let cost = StudyCost(record)
    return [
      "schema": .integer(1), "name": .string(record.name),
      "recommended": [
        "almr": node(record.recommendation.almr), "learning_rate": node(record.recommendation.learningRate),
        "confidence": .number(record.confidence),
      ],
      "carried": record.transfer.map { transfer in
        [
          "almr": .number(transfer.chosen.almr), "learning_rate": .number(transfer.chosen.learningRate),
          "band": transfer.band.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
        ]
      } ?? .null,
      "losses": .array(
        record.recommendation.losses.map { loss in
          [
            "set": .string(loss.set), "role": .string(loss.isNew ? "new" : "retained"),
            "independent": .boolean(loss.isIndependent), "before": number(loss.before), "after": node(loss.after),
            "change": loss.change.map(node) ?? .null, "limit": number(loss.limit), "binds": .boolean(loss.isBinding),
          ]
        }),
      "confirmed": .string(answer.verdictWord), "regret": number(record.verification?.regret),
      "cost": [
        "tokens": number(cost.tokens), "tokens_planned": cost.tokensPlanned.map(JSONNode.unsigned) ?? .null,
        "host_hours": number(cost.hostHours), "host_hours_planned": number(cost.planned?.hours),
      ],
      "distrust": .array((record.distrust + record.warnings).map(JSONNode.string)),
      "opening_warning": record.openingWarning.map(JSONNode.string) ?? .null,
      "job_file": record.largeRun.map { .string($0.yaml) } ?? .null,
    ]
  }

  private func number(_ value: Double?) -> JSONNode { value.map { $0.isFinite ? .number($0) : .null } ?? .null }

  private func node(_ estimate: StudyRecord.Estimate) -> JSONNode {
    [
      "value": number(estimate.value),
      "interval": estimate.range.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
    ]
  }
}

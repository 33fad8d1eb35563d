@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct EvaluationTests {
  private func measures(_ rows: Range<UInt32>) -> [RowMeasure] {
    rows.map { RowMeasure(row: $0, measure: 0, sum: 1 / Double($0 + 3), weight: 2, byteCount: 3) }
  }

  private func rows(_ story: Story, _ worker: Int) -> [SliceRange] {
    story.sent(to: worker).reversed().lazy
      .compactMap { if case .evaluate(let evaluate) = $0 { evaluate.rows } else { nil } }.first ?? []
  }

  @Test func rowsAreSummedInOrderWhoeverSentThemFirst() throws {
    var story = Story.gang(2, .stepped(rows: 6))
    #expect(rows(story, 1) == [SliceRange(0, 3)])
    #expect(story.plan == nil)
    story.runnerSays(2, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(3..<6))))
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(1..<3))))
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(1..<2))))
    #expect(story.disk.evaluations.isEmpty)
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(0..<1))))
    let total = try #require(story.disk.evaluations.first?.totals.first)
    #expect(total.sum == measures(0..<6).reduce(0) { $0 + $1.sum })
    #expect(total.weight == 12)
    #expect(story.plan?.step == 1)
    #expect(story.jobStatus()?.losses == [Metric("zh", total.sum / 12)])
  }

  @Test func aDeadMembersMissingRowsAreGivenToOthers() {
    var story = Story.gang(2, .stepped(rows: 6))
    story.runnerSays(2, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(3..<4))))
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(0..<3))))
    story.runnerExits(2)
    #expect(rows(story, 1) == [SliceRange(4, 6)])
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(4..<6))))
    #expect(story.disk.evaluations.count == 1)
  }

  @Test func rowsAndMeasuresThatDoNotExistAreIgnored() {
    var story = Story.gang(1, .stepped(rows: 2))
    let lies = [
      RowMeasure(row: .max, measure: 0, sum: 1, weight: 1, byteCount: 1),
      RowMeasure(row: 0, measure: 9, sum: 1, weight: 1, byteCount: 1),
    ]
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: lies)))
    #expect(story.disk.evaluations.isEmpty)
    story.runnerSays(1, .evaluated(Evaluated(step: 0, attempt: 0, rows: measures(0..<2))))
    #expect(story.disk.evaluations.count == 1)
  }
}

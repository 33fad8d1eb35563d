internal import Results

/// What was read of each source, what ran where, and what was left out on the way.
struct StudyProvenancePart {
  let record: StudyRecord

  /// The job file of the large run.
  var largeRun: ReportSection {
    let heading = "The large run, ready to submit"
    guard let run = record.largeRun else {
      let setting = record.transfer?.chosen ?? record.recommendation.setting
      return ReportSection(
        heading: heading,
        blocks: [
          .paragraph("No job file of the cells is at hand; into the file of a training belong:"),
          .code(
            "mixture: {almr: \(shareText(setting.almr))}\nrecipe: {learning_rate: \(rateText(setting.learningRate))}"),
        ])
    }
    return ReportSection(heading: heading, blocks: [.code(run.yaml), .list(run.remarks)])
  }

  var ledger: ReportSection {
    let heading = "Ledger"
    let stages = record.stages.filter { !$0.sources.isEmpty }
    guard !stages.isEmpty else {
      return ReportSection(
        heading: heading,
        blocks: [.paragraph("No ledger is at hand.")])
    }
    var table = RichTable(
      [
        .init("stage", .name), .init("source", .word), .init("role", .word), .init("requested"), .init("achieved"),
        .init("tokens"), .init("passes"),
      ],
      caption: stages.contains { $0.kind == "sweep" }
        ? "Of a sweep: all cells together, passes of the cell that had the most; its ledger.csv has them by cell."
        : nil,
      becomesCards: true)
    for stage in stages {
      for source in stage.sources {
        table.add([
          stage.name, source.name, source.role, fixed(source.requestedShare, digits: 4),
          fixed(source.achievedShare, digits: 4), grouped(source.tokens),
          source.passes.map { fixed($0, digits: 3) } ?? "–",
        ])
      }
    }
    return ReportSection(heading: heading, blocks: [.table(table)])
  }

  var ran: ReportSection {
    let heading = "What ran where"
    guard !record.stages.isEmpty else {
      return ReportSection(
        heading: heading, blocks: [.paragraph("This study was made of a table; what ran it is not recorded.")])
    }
    return ReportSection(
      heading: heading,
      blocks: [.table(StageTable(stages: record.stages).table)] + StageTable(stages: record.stages).links)
  }

  var notes: ReportSection {
    ReportSection(
      heading: record.notes.isEmpty ? "" : "Left out or repaired in reading",
      blocks: record.notes.isEmpty ? [] : [.list(record.notes.map { RichText(text: $0) })])
  }
}

/// Stages with their state, cost and workers.
struct StageTable {
  let stages: [StageRecord]

  var table: RichTable {
    var table = RichTable(
      [
        .init("stage", .name), .init("job"), .init("state"), .init("tokens"), .init("planned"),
        .init("time"), .init("host-hours"), .init("ran on", .word), .init("found", .word),
      ],
      caption: "Workers that \(code: "admix run") starts share one host; every other is a host of its own.",
      becomesCards: true)
    for stage in stages {
      let workers =
        stage.workers.count > 4
        ? "\(stage.workers.prefix(3).joined(separator: ", ")) and \(stage.workers.count - 3) more"
        : stage.workers.joined(separator: ", ")
      table.add([
        "\(stage.name)", "\(stage.kind)", "\(stage.state)\(stage.reason.map { ": \($0)" } ?? "")",
        "\(stage.tokens.map { grouped($0) } ?? "–")", "\(stage.tokensPlanned.map { grouped($0) } ?? "–")",
        "\(stage.seconds.map { duration($0) } ?? "–")", "\(stage.hostHours.map { StudyCost.hours($0) } ?? "–")",
        "\(workers.isEmpty ? "not recorded" : workers)", "\(stage.finding)",
      ])
    }
    return table
  }

  /// Reports of the stages that have one, beside the page.
  var links: [ReportSection.Block] {
    let linked = stages.filter { $0.hasReport && !$0.path.isEmpty }
    guard !linked.isEmpty else { return [] }
    let items = linked.map { stage -> HTML in
      "<li><a href=\"\(stage.path)/report.html\">\(stage.name)</a></li>\n"
    }
    return [.page("<p class=\"note\">Reports of the stages, beside this file:</p>\n<ul>\(items)</ul>\n")]
  }
}

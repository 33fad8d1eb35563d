import Foundation
import Results
import Study
import Testing

@testable import Reports

@Suite("Study report")
struct StudyReportTests {
  @Test("The page opens with the setting, every loss before and after, the verdict, the cost and the doubts")
  func answer() throws {
    let html = try SampleStudy().page()
    for part in [
      "ALMR<b>0.4</b>90 % interval 0.35 to 0.45", "<b>2e-4</b>90 % interval 1.5e-4 to 3e-4",
      "learning rate, large model<b>8e-5</b>the rules span 4.5e-5 to 1e-4",
      "the loss on zh falls from <strong>4.000</strong>", "on wiki, the worst of 2 retained sets, it rises",
      "binds on <strong>wiki</strong>", "retained, independent", "retained, of the replay&#39;s kind",
      "<span class=\"verdict better\">yes</span>", "costs 0.12 % of new loss", "2,000,000 actual",
      "<li>There is one seed.</li>", "<li>The grid is coarse.</li>", "Half would have gone higher.",
      "1 stopped early, 1 diverged",
      "0.4 of it.", "D-CPT: has 4 ratios, needs 5",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    let order = [
      "class=\"big\"", "class=\"verdict", "Training tokens", "Do not trust", "The large run", "<h2>Questions",
    ]
    let places = order.compactMap { html.range(of: $0)?.lowerBound }
    #expect(places.count == order.count && zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("Every plot has its numbers in a table and as comma-separated values")
  func numbers() throws {
    let html = try SampleStudy().page()
    let figures = html.components(separatedBy: "<figure").dropFirst().map {
      $0.components(separatedBy: "</figure>")[0]
    }
    let titles = ["New loss", "What is forgotten", "New loss against what is forgotten", "Regret", "Residuals on zh"]
    for title in titles + ["Learning rate, carried"] {
      #expect(html.contains("<b>\(title)</b>"), "\(title)")
    }
    // Panels share one table below them.
    let panels = figures.filter { $0.contains("<b>ALMR ") }
    #expect(panels.count == SampleStudy.ratios.count && html.contains("curves-new-loss.csv"))
    for figure in figures where !figure.contains("<b>ALMR ") {
      #expect(figure.contains("<table>") && figure.contains("data:text/csv"), "\(figure.prefix(120))")
      #expect(figure.contains("role=\"img\" aria-label="), "\(figure.prefix(120))")
    }
    #expect(html.contains("new-loss-surface.csv"))
  }

  @Test("The same files give the same bytes, on the page, in Markdown and in JSON")
  func deterministic() throws {
    let study = try SampleStudy()
    let directory = try study.write()
    let first = try #require(StudyReport(directory: directory))
    let second = try #require(StudyReport(directory: directory))
    #expect(first.html == second.html && first.markdown == second.markdown && first.json == second.json)
    #expect(try StudyReportFile.write(directory: directory))
    #expect(study.directory.text("report.html") == first.html && study.directory.text("report.md") == first.markdown)
    let summary = try #require(JSONNode(parsing: study.directory.text("report.json")))
    #expect(summary["recommended"]?["almr"]?["value"]?.double == 0.4 && summary["confirmed"] == "yes")
    #expect(summary["carried"]?["learning_rate"]?.double == 8e-5)
  }

  @Test("The page asks for nothing outside itself, runs nothing, and closes what it opens")
  func selfContained() throws {
    let html = try SampleStudy().page()
    #expect(!html.contains("http://") && !html.contains("https://"))
    for word in [
      "<script", "<link", "<img", "@import", "url(", "onload", "javascript:", "NaN", "\"nan", " nan", "inf ",
    ] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("default-src 'none'") && html.contains("@media print"))
    var open: [Substring] = []
    for tag in html.matches(of: #/<(/?)([a-zA-Z0-9]+)(?:"[^"]*"|[^">])*?(/?)>/#) {
      let name = tag.output.2
      if ["meta", "br"].contains(name) || tag.output.3 == "/" { continue }
      if tag.output.1.isEmpty { open.append(name) } else { #expect(open.popLast() == name) }
    }
    #expect(open == [])
  }

  @Test("Names and sentences are text, whatever is in them, on the page and in Markdown")
  func injection() throws {
    let evil = "<script>alert(1)</script>\"'&|[x](y)`"
    let study = try SampleStudy()
    study.newSet = evil
    study.answer = study.answer.merged(with: [
      "opening_warning": .string(evil), "warnings": [.string(evil)], "notes": [.string(evil)],
      "predictor": ["law": .string(evil), "why": .string(evil)], "cells": ["table": .string(evil)],
      "ridge": ["sentence": .string(evil)], "questions": [["question": .string(evil), "answer": .string(evil)]],
      "options": ["new_sets": [["name": .string(evil)]]],
      "recommendation": ["binding_set": .string(evil), "edges": [.string(evil)]],
    ])
    study.verification = study.verification?.merged(with: ["sentences": [.string(evil)]])
    study.transfer = study.transfer?.merged(with: ["why": .string(evil), "large": ["name": .string(evil)]])
    let report = try #require(StudyReport(directory: try study.write()))
    #expect(!report.html.contains("<script") && report.html.contains("&lt;script&gt;"))
    #expect(!report.markdown.contains("<script") && !report.markdown.contains("[x](y)"))
  }

  @Test("What is missing is said in words: transfer, confirmation, tables, limit, an independent set")
  func missing() throws {
    let study = try SampleStudy()
    study.transfer = nil
    study.verification = nil
    study.answer = study.answer.merged(with: [
      "opening_warning": "No retained set is independent.", "laws": [], "questions": [], "next_cells": [],
      "options": ["max_retained_rise": .null], "surfaces": [], "regret": .null, "feasibility": .null,
    ])
    study.directory.write(study.answer.text(), to: "answer.json")
    let html = try #require(StudyReport(directory: study.directory.path)).html
    for part in [
      "<h2>Before anything else</h2><p>No retained set is independent.",
      "<span class=\"verdict note\">not tested</span>",
      "it was not carried to a larger one", "Nothing was carried", "There is no curves.csv",
      "No limit was set", "The answer file lists no law", "No further cell is proposed", "No ledger is at hand",
      "what ran it is not recorded", "No job file of the cells is at hand", "mixture: {almr: 0.4}",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    // The warning stands before the setting.
    let warning = try #require(html.range(of: "Before anything else"))
    let setting = try #require(html.range(of: "class=\"big\""))
    #expect(warning.lowerBound < setting.lowerBound)
  }

  @Test("Without its table the cells are those of the fit; without residuals that is said")
  func withoutTable() throws {
    let study = try SampleStudy()
    study.directory.write(study.answer.text(), to: "answer.json")
    let shown = try #require(StudyReport(directory: study.directory.path)).html
    #expect(shown.contains("<b>New loss</b>") && !shown.contains("there is no cells.csv here"))
    study.directory.write(study.answer.merged(with: ["residuals": []]).text(), to: "answer.json")
    let bare = try #require(StudyReport(directory: study.directory.path)).html
    #expect(!bare.contains("<b>New loss</b>") && bare.contains("there is no cells.csv here"))
  }

  @Test("The answer that the study itself writes is read whole")
  func studysOwn() throws {
    let study = try SampleStudy()
    let directory = try study.write()
    let bytes = Array(study.directory.text("cells.csv").utf8)
    var options = StudyOptions(
      newSets: [.init("zh")],
      retainedSets: [.init("wiki", isIndependent: true), .init("code", isIndependent: false)])
    options.bootstrapCount = 20
    let answer = try StudyAnswer(
      cells: try CellTable(csv: bytes, name: "cells.csv", rows: .runs), options: options)
    study.directory.write(answer.json, to: "answer.json")
    let record = try #require(StudyFolder(directory: directory, result: nil).record())
    #expect(record.recommendation.almr.value == answer.recommendation.ratio.value)
    #expect(record.recommendation.almr.range != nil && record.recommendation.learningRate.range != nil)
    #expect(record.recommendation.losses.count == 3 && record.recommendation.losses.allSatisfy { $0.before != nil })
    #expect(record.maximumRise == options.maximumRetainedRise && record.newSets.map(\.name) == ["zh"])
    #expect(record.surfaces.count == answer.surfaces.count && record.regret != nil)
    #expect(record.ridge.count == answer.ridge.points.count && record.front.count == answer.paretoFront.count)
    #expect(record.laws.count == answer.laws.count && record.residuals.count == answer.residuals.count)
    #expect(record.questions.count == answer.questions.count && record.questions.count >= 4)
    #expect(record.nextCells.count == answer.nextCells.count)
    let html = StudyReport(record: record).html
    for title in ["New loss", "What is forgotten", "Regret", "Residuals on zh"] {
      #expect(html.contains("<b>\(title)<"))
    }
  }

  @Test("A limit that nothing keeps is said where the losses are")
  func infeasible() throws {
    let study = try SampleStudy()
    study.answer = study.answer.merged(with: [
      "feasibility": ["is_feasible": .boolean(false), "sentence": "It misses by 1.2 % on wiki."]
    ])
    study.verification = study.verification?.merged(with: ["verdict": "no", "regret": .number(0.02)])
    let html = try study.page()
    #expect(
      html.contains("<strong>No setting keeps the limit</strong>") && html.contains("It misses by 1.2 % on wiki."))
    #expect(html.contains("<span class=\"verdict worse\">no</span>") && html.contains("costs 2.00 % of new loss"))
  }

  @Test("A directory without an answer, or with a broken one, has no study's report and crashes nothing")
  func broken() throws {
    let study = try SampleStudy()
    let directory = try study.write()
    let whole = study.directory.text("answer.json")
    for text in ["", "[]", "{}", "{\"recommendation\": 1}", String(whole.prefix(whole.count / 2))] {
      study.directory.write(text, to: "answer.json")
      #expect(StudyReport(directory: directory) == nil, "\(text.prefix(30))")
    }
    #expect(try !StudyReportFile.write(directory: directory))
    // Tables that are no tables cost their plots, not the report.
    study.directory.write(whole, to: "answer.json")
    study.directory.write("almr;learning_rate\n", to: "cells.csv")
    let html = try #require(StudyReport(directory: directory)).html
    #expect(html.contains("semicolons"))
  }

  @Test("A pipeline opens with its study's answer, and lists its stages with their reports")
  func pipeline() throws {
    let study = try SampleStudy()
    _ = try study.write()
    let top = try ScratchDirectory()
    let stage = "\(top.path)/stages/choose"
    try FileManager.default.createDirectory(atPath: "\(top.path)/stages", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: study.directory.path, toPath: stage)
    try FileManager.default.createDirectory(atPath: "\(top.path)/stages/grid", withIntermediateDirectories: true)
    top.write(
      """
      job: pipeline
      name: paper
      stages:
        - name: grid
          job: sweep
          needs: [before]
          grid: {almr: [0.1, 0.2], learning_rate: [1.0e-4, 2.0e-4]}
          model: models/small
          sources:
            - {name: zh, role: added, paths: [zh.jsonl]}
          recipe: {steps: 100, global_batch_size: 10, sequence_length: 100}
        - {name: choose, job: study, cells: ["${grid.sweep}"]}

      """, to: "job.yaml")
    top.write(
      """
      {"time": 100, "text": "job 2 (grid) is RUNNING"}
      {"time": 110, "text": "worker-1 (host.example) takes part"}
      {"time": 3700, "text": "job 2 (grid) is COMPLETED"}

      """, to: "stages/grid/events.jsonl")
    top.write("<p>", to: "stages/grid/report.html")
    let grid: JSONNode = [
      "name": "grid", "kind": "sweep", "state": "COMPLETED",
      "sweep": ["tokens": .integer(400_000), "cells": .integer(4), "diverged": .integer(1)],
    ]
    let choose: JSONNode = ["name": "choose", "kind": "study", "state": "COMPLETED"]
    func evaluation(_ name: String, _ accuracy: Double, _ chance: [JSONNode]) -> JSONNode {
      [
        "name": .string(name), "kind": "eval", "state": "COMPLETED", "eval_at_chance": .array(chance),
        "eval": ["cmmlu": ["acc,none": .number(accuracy)], "zh_held": ["bits_per_byte,none": .number(1.25)]],
        "eval_overlap": ["cmmlu": ["items": .integer(100), "overlapping": .integer(3)]],
      ]
    }
    let result: JSONNode = [
      "name": "paper", "kind": "pipeline", "state": "COMPLETED",
      "stages": [
        "grid": grid, "choose": choose, "before": evaluation("before", 0.2511, ["cmmlu acc,none"]),
        "after": evaluation("after", 0.4375, []),
      ],
    ]
    let report = try #require(StudyReport(directory: top.path, result: result))
    for part in [
      "<h1>paper</h1>", "400,000 actual", "400,000 planned", "1.00 actual", "worker-1 (host.example)",
      "href=\"stages/grid/report.html\"", "4 cells, 1 diverged", "job: cpt", "learning_rate: 8e-5", "almr: 0.4",
      "steps: 100", "0.2511 (chance)", "0.4375</td>", "3 of 100 items share 13 words in a row", "1.2500",
      "cmmlu 0.438, zh_held 1.250",
    ] {
      #expect(report.html.contains(part), "\(part)")
    }
    #expect(!report.html.contains("threads_per_cell") && !report.html.contains("needs:"))
    #expect(report.html.contains("planned: not recorded"))
    top.write(
      #"{"total_seconds": 5400, "jobs": [{"name": "grid"}, {"name": "choose", "job": "study", "priced": false}]}"#,
      to: "plan.json")
    let planned = try #require(StudyReport(directory: top.path, result: result))
    #expect(planned.html.contains("1.50 planned, without choose"))
    try FileManager.default.removeItem(atPath: "\(top.path)/plan.json")
    // Without a study the stages alone.
    try FileManager.default.removeItem(atPath: "\(stage)/answer.json")
    #expect(StudyReport(directory: top.path, result: result) == nil)
    #expect(try StudyReportFile.write(directory: top.path, result: result))
    #expect(top.text("report.html").contains("<strong>4 of 4 stages are done</strong>"))
    #expect(top.text("report.html").contains("0.2511 (chance)"))
  }
}

@Suite("Plots of a study")
struct StudyPlotTests {
  private let grid = FittedSurface(almrs: [0, 1], learningRates: [1e-4, 1e-2], values: [[0, 1], [2, 3]])

  @Test("A surface is read between its crossings, linear in ratio and in the logarithm of the rate")
  func surface() throws {
    let grid = try #require(grid)
    #expect(grid.value(almr: 0.5, learningRate: 1e-4) == 0.5)
    #expect(abs((grid.value(almr: 0, learningRate: 1e-3) ?? 0) - 1) < 1e-12)
    #expect(grid.value(almr: 1, learningRate: 1e-2) == 3)
    #expect(grid.value(almr: 1.1, learningRate: 1e-3) == nil && grid.value(almr: 0, learningRate: 1e-5) == nil)
    #expect(FittedSurface(almrs: [1, 0], learningRates: [1e-4, 1e-2], values: [[0, 1], [2, 3]]) == nil)
    #expect(FittedSurface(almrs: [0, 1], learningRates: [0, 1e-2], values: [[0, 1], [2, 3]]) == nil)
    #expect(FittedSurface(almrs: [0, 1], learningRates: [1e-4, 1e-2], values: [[0], [2]]) == nil)
  }

  @Test("A contour lies where the surface has its value")
  func contour() throws {
    let grid = try #require(grid)
    let pieces = grid.contour(1.5)
    #expect(pieces.count == 1)
    for point in pieces.flatMap({ [$0.0, $0.1] }) {
      #expect(abs((grid.value(almr: point.0, learningRate: point.1) ?? 0) - 1.5) < 1e-9)
    }
    #expect(grid.contour(7).isEmpty)
    let hole = try #require(
      FittedSurface(almrs: [0, 1], learningRates: [1e-4, 1e-2], values: [[0, .nan], [2, 3]]))
    #expect(hole.contour(1.5).isEmpty)
  }

  @Test("The ramp grows brighter all the way, and numbers on it can be read")
  func ramp() {
    func channels(_ share: Double) -> [Double] {
      let digits = ColourRamp.colour(share).dropFirst()
      return stride(from: 0, to: 6, by: 2).map { place in
        let start = digits.index(digits.startIndex, offsetBy: place)
        return Double(Int(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0) / 255
      }
    }
    func luminance(_ share: Double) -> Double {
      zip(channels(share), [0.2126, 0.7152, 0.0722]).reduce(0) { sum, part in
        let c = part.0
        return sum + part.1 * (c <= 0.03928 ? c / 12.92 : Foundation.pow((c + 0.055) / 1.055, 2.4))
      }
    }
    let shares = (0...40).map { Double($0) / 40 }
    for (a, b) in zip(shares, shares.dropFirst()) { #expect(luminance(a) < luminance(b), "\(a)") }
    for share in shares {
      let light = luminance(share)
      // Contrast of white, or of #14130f, as WCAG has it.
      let contrast = ColourRamp.isDark(share) ? 1.05 / (light + 0.05) : (light + 0.05) / (0.0065 + 0.05)
      #expect(contrast >= 4, "\(share): \(contrast)")
    }
    #expect(ColourRamp.colour(.nan) == ColourRamp.colour(1) && ColourRamp.colour(-3) == ColourRamp.colour(0))
  }

  @Test("A cell that ran away does not flatten the colours of the others")
  func scale() throws {
    let scale = try #require(ColourScale([2, 2.1, 2.2, 2.3, 40]))
    #expect(scale.isCut && scale.high < 4 && scale.share(40) == 1 && scale.share(2) == 0)
    #expect(ColourScale([.nan]) == nil)
    #expect(try #require(ColourScale([3])).share(3) == 0.5)
  }

  @Test("No coordinate is ever not a number, whatever the cells are")
  func coordinates() {
    let values: [Double?] = [nil, .nan, .infinity, 0, -1, 1e300, 2]
    for count in 0...values.count {
      var map = HeatMap(
        title: "t", subtitle: "s", slug: "x", quantity: "q",
        cells: values.prefix(count).enumerated().map { index, value in
          HeatMap.Cell(
            almr: index == 3 ? .nan : Double(index) / 10, learningRate: index == 4 ? 0 : 1e-4, value: value)
        })
      map.surface = grid
      map.ridge = [.init(almr: .nan, learningRate: 1e-3), .init(almr: 0.1, learningRate: .infinity)]
      map.choice = HeatMap.Choice(name: "c", almr: 0.5, learningRate: 1e-3, almrRange: 0...1, learningRateRange: 0...1)
      map.limit = grid.map { HeatMap.Limit(surface: $0, value: 1.5, name: "limit") }
      let scatter = ScatterPlot(
        title: "t", subtitle: "s", slug: "x", x: .init("x", isLogarithmic: true) { "\($0)" }, y: .init("y") { "\($0)" },
        groups: [.init("g", values.prefix(count).compactMap(\.self).map { .init($0, 1, name: "p") })])
      let rates = RatePlot(
        title: "t", subtitle: "s", slug: "x", rows: values.prefix(count).compactMap(\.self).map { .init("r", rate: $0) }
      )
      for figure in [map.figure(), scatter.figure(), rates.figure()] {
        for part in figure.markup.components(separatedBy: "<svg").dropFirst() {
          let drawing = part.components(separatedBy: "</svg>")[0]
          for attribute in ["\"nan", "\"inf", "\"-inf", "Mnan", " nan", "Lnan"] where attribute != " nan" {
            #expect(!drawing.contains(attribute), "\(count) \(attribute)")
          }
        }
      }
    }
  }

  @Test("Ratios, rates and changes are written without digits that say nothing")
  func text() {
    #expect(shareText(0.3) == "0.3" && shareText(0.27500001) == "0.275" && shareText(0) == "0" && shareText(1) == "1")
    #expect(rateText(3e-4) == "3e-4" && rateText(1.25e-3) == "1.25e-3" && rateText(9.999e-4) == "1e-3")
    #expect(rateText(1) == "1e0" && rateText(-1) == "–" && rateText(.nan) == "–")
    #expect(changeText(0.031) == "+3.1 %" && changeText(-0.4621) == "−46.2 %" && changeText(0.00001) == "±0.0 %")
  }

  @Test("Markdown holds text only")
  func markdown() {
    let text: RichText = "a \(strong: "b*") \(code: "c`d") \("<i>|x_y")"
    #expect(text.markdown == "a **b\\*** `cd` &lt;i&gt;\\|x\\_y")
    #expect(text.html.markup == "a <strong>b*</strong> <code>c`d</code> &lt;i&gt;|x_y")
  }
}

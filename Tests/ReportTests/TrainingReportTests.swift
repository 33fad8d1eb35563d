import Foundation
import Results
import Testing

@testable import Reports

@Suite("Training report")
struct TrainingReportTests {
  @Test("The page opens with losses before and after, the mixture, the hash and the cost")
  func answer() throws {
    let run = try SampleRun()
    let html = try run.html()
    #expect(html.contains("The loss on zh_held fell from <strong>5.000</strong> to <strong>3.000</strong>"))
    #expect(html.contains("<strong class=\"better\">−40.0 %</strong>"))
    // The worst of the retained sets, not the first.
    #expect(html.contains("on en_far, the worst of 2 retained sets, it rose from <strong>2.000</strong>"))
    #expect(html.contains("<strong class=\"worse\">+5.0 %</strong>"))
    for part in [
      "0.3001", "0.3000 requested", "245,760 tokens", "abababab", "1m40 from submission to end", "ratio 2.50",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    for plot in [
      "Loss by validation set", "Bits per byte", "Training loss by source", "Learning rate", "Gradient norm", "ALMR",
      "Time of a step", "Gradient bytes a step", "Ledger", "Events",
    ] {
      #expect(html.contains(">\(plot)<"), "\(plot)")
    }
    #expect(html.contains("clipped above 1<"))
    #expect(html.contains("requested 0.3000<"))
    #expect(html.contains("2.803"))
  }

  @Test("The page asks for nothing outside itself and runs nothing")
  func selfContained() throws {
    let html = try SampleRun().html()
    #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("//fonts"))
    for word in ["<script", "<link", "<img", "@import", "url(", "onload", "javascript:"] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("default-src 'none'"))
    #expect(html.contains("prefers-color-scheme: dark"))
    #expect(html.contains("@media print"))
    #expect(html.contains("data:text/csv"))
  }

  @Test("Names, reasons and events are text, whatever is in them")
  func injection() throws {
    let evil = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>\u{202E}"
    let run = try SampleRun()
    run.result = run.result.merged(with: [
      "name": .string(evil), "kind": .string(evil), "state": .string(evil), "reason": .string(evil),
      "model": .string(evil), "weights_sha256": .string(evil), "recipe_sha256": .string(evil),
      "corpus": ["sets": [["name": .string(evil), "role": .string(evil), "from": .string(evil)]]],
      "validation": [
        "curve": [
          ["step": .integer(0), "sets": .object([.init(evil, ["loss": .number(2)])])],
          ["step": .integer(60), "sets": .object([.init(evil, ["loss": .number(1)])])],
        ]
      ],
    ])
    run.events += [(1090, evil + " is lost: " + evil)]
    run.ledgerNames = [evil, "=HYPERLINK(\"x\")"]
    run.metricNames = ["loss/" + evil]
    let html = try run.html()
    #expect(!html.contains("<script"))
    #expect(!html.contains("<img"))
    #expect(!html.contains("\u{202E}"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
    // In the CSV links a spreadsheet finds no formula.
    #expect(!html.contains("%0D%0A%3DHYPERLINK") && !html.contains("%0D%0A%22%3DHYPERLINK"))
    #expect(html.contains("%27%3DHYPERLINK"))
  }

  @Test("Every element that is opened is closed, in order", arguments: [0, 1, 2, 60, 5000])
  func wellFormed(steps: Int) throws {
    let run = try SampleRun()
    run.steps = steps
    let html = try run.html()
    var open: [Substring] = []
    for tag in html.matches(of: #/<(/?)([a-zA-Z0-9]+)(?:"[^"]*"|[^">])*?(/?)>/#) {
      let name = tag.output.2
      if ["meta", "br"].contains(name) || tag.output.3 == "/" { continue }
      if tag.output.1.isEmpty {
        open.append(name)
      } else {
        #expect(open.popLast() == name)
      }
    }
    #expect(open == [])
    // A long run's page stays one that a browser opens at once.
    #expect(html.utf8.count < 2_500_000, "\(html.utf8.count)")
  }

  @Test("A worker that was killed is a numbered mark on every plot, and in the table of events")
  func marks() throws {
    let run = try SampleRun()
    run.events = [
      (1000, "job 1 (first-run) was submitted"), (1005.5, "worker-2 joined from unix:/x"),
      (1030.2, "worker-2 (local-2) is lost: its connection was reset"),
      (1030.3, "assignment 6 on worker-2 (local-2) ended: its worker was started again"),
      (1035.2, "worker-2 (local-2) joins after step 26"), (1100, "job 1 (first-run) is COMPLETED"),
    ]
    let record = TrainingRecord(directory: try run.write(), result: run.result)
    #expect(record.marks.map(\.x) == [21.5, 26.5])
    #expect(record.marks.map(\.isCalm) == [false, true])
    #expect(record.marks[0].text.contains("is lost") && record.marks[0].text.contains("started again"))
    let html = try run.html()
    #expect(html.components(separatedBy: "class=\"mark\"").count - 1 == 9)
    #expect(html.components(separatedBy: "class=\"number\">1<").count - 1 == 2)
  }

  @Test("The coordinator still says what marks are recognized by")
  func sentences() throws {
    let core = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("coordinator/Core")
    let walk = try #require(FileManager.default.enumerator(at: core, includingPropertiesForKeys: nil))
    var text = ""
    for case let file as URL in walk where file.pathExtension == "swift" {
      text += try String(contentsOf: file, encoding: .utf8)
    }
    for words in RecordedEvent.lossWords + RecordedEvent.changeWords where words != " is PAUSED" {
      #expect(text.contains(words), "\(words)")
    }
  }

  @Test("What a step cost is in the row after it, and of the last one in the result")
  func costs() throws {
    let run = try SampleRun()
    run.steps = 3
    let record = TrainingRecord(directory: try run.write(), result: run.result)
    let costs = record.costs
    #expect(costs.map(\.step) == [1, 2, 3])
    #expect(costs.map(\.rawBytes) == [1000, 1000, 60_000 - 2000])
    #expect(abs(costs[1].computing - 0.3) < 1e-9 && abs(costs[1].waiting - 0.1) < 1e-9)
    #expect(abs(costs[1].between - 0.6) < 1e-9)
  }

  @Test("A job that trained nothing has no report, and a directory without files is no crash")
  func nothing() throws {
    let directory = try ScratchDirectory()
    #expect(TrainingReport(directory: directory.path, result: ["name": "house", "steps": .integer(0)]) == nil)
    #expect(TrainingReport(directory: directory.path + "/none", result: [:]) == nil)
    directory.write("{\"step\": 1, \"time\": 5}\n{\"st", to: "metrics.jsonl")
    directory.write("not JSON\n{}\n[1]\n{\"time\": 1}", to: "events.jsonl")
    directory.write("[]", to: "ledger.json")
    directory.write("{{{", to: "job.yaml")
    let report = try #require(TrainingReport(directory: directory.path, result: ["steps": .integer(1)]))
    #expect(report.html.contains("there is no answer yet"))
  }

  @Test("Only a job at rest is written by run; fetch shows a running one too")
  func whenWritten() throws {
    let run = try SampleRun()
    let directory = try run.write()
    try TrainingReportFile(directory: directory).update(result: run.result, isAtRest: false)
    #expect(!run.directory.names.contains("report.html"))
    try TrainingReportFile(directory: directory, keepsCurrent: true).update(result: run.result, isAtRest: false)
    #expect(run.directory.text("report.html").contains("first-run"))
  }
}

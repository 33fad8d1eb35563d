import Foundation
import JobFiles
import JobKit
import TestSupport
import Testing

@testable import EvaluationJob

/// The program's own tasks, as the tests read them.
enum Catalogue {
  static func builtIn() throws -> TaskCatalogue {
    try TaskCatalogue(
      TaskCatalogue.Reading(
        text: { try readDocument($0, name: $1) }, file: { throw TestFailure("no file \($0.text) is read") }))
  }

  static func mapping(_ text: String) throws -> SpecMapping { try readDocument(text, name: "test.yaml") }
}

@Suite("The program's own tasks")
struct CatalogueTests {
  @Test("Every one can be read, and the string literals are what the task files say")
  func builtIn() throws {
    let catalogue = try Catalogue.builtIn()
    var tasks = 0
    for name in catalogue.names {
      guard case .task(let mapping)? = catalogue[name] else { continue }
      _ = try TaskReader(mapping, includes: catalogue.include).definition()
      tasks += 1
    }
    #expect(tasks == 67 + 52 + 52 + 57 + 5)
    let folder = TestData.package.appendingPathComponent("Sources/Jobs/Evaluation/Tasks")
    for file in embeddedTasks {
      let text = try String(contentsOf: folder.appendingPathComponent(file.name), encoding: .utf8)
      #expect(file.text == text, "run scripts/embed-tasks.py: \(file.name)")
    }
  }

  @Test("Groups and tags are the tasks below them")
  func groups() throws {
    let catalogue = try Catalogue.builtIn()
    func count(_ name: String) throws -> Int {
      let place = SpecScalar(
        text: name, isQuoted: true, path: "", position: SpecPosition(file: "", line: 1, column: 1))
      return try catalogue.expand(place).tasks.count
    }
    #expect(try count("cmmlu") == 67)
    #expect(try count("mmlu") == 57 && count("mmlu_stem") == 19 && count("mmlu_stem_tasks") == 19)
    #expect(try count("ceval-valid") == 52 && count("ceval-valid_stem") == 20)
    #expect(try count("cmmlu_china_specific") == 15)
    #expect(try count("gsm8k") == 1)
  }
}

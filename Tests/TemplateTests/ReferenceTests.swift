import Foundation
import Templates
import Testing

/// Templates and what Python's jinja2 makes of them, by `scripts/fixtures/template_reference.py`.
@Suite("Templates")
struct ReferenceTests {
  struct Case: Decodable, Sendable, CustomStringConvertible {
    let environment: String
    let template: String
    let output: String?
    let error: String?
    var description: String { "\(environment) \(template.prefix(60).debugDescription)" }
  }

  static let fixture: (context: TemplateDictionary, cases: [Case], refused: [String]) = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/cases.json")
    guard let data = try? Data(contentsOf: file), let value = try? TemplateValue(json: Array(data)),
      case .dictionary(let all) = value, case .dictionary(let context)? = all["context"],
      case .list(let refused)? = all["refused"]
    else { return (TemplateDictionary(), [], []) }
    struct Cases: Decodable { let cases: [Case] }
    let cases = (try? JSONDecoder().decode(Cases.self, from: data))?.cases ?? []
    return (context, cases, refused.compactMap { if case .string(let text) = $0 { text } else { nil } })
  }()

  @Test("The fixture is there")
  func isThere() { #expect(Self.fixture.cases.count > 150 && Self.fixture.refused.count > 20) }

  @Test("print what jinja2 prints, byte for byte, and fail where it fails", arguments: fixture.cases)
  func reference(_ one: Case) {
    let options: TemplateOptions = one.environment == "chat" ? .chat : .task
    do {
      let text = try Template(one.template, options: options).render(Self.fixture.context)
      if let output = one.output {
        #expect(Array(text.utf8) == Array(output.utf8), "\(text.debugDescription) for \(output.debugDescription)")
      } else {
        Issue.record("\(text.debugDescription), where jinja2 says \(one.error ?? "")")
      }
    } catch {
      #expect(one.output == nil, "\(error)")
      #expect(error.line > 0, "\(error)")
    }
  }

  @Test("are refused when they are read, by line, if they have what is not there", arguments: fixture.refused)
  func refusal(_ template: String) {
    do {
      _ = try Template("one\n\(template)", options: .chat)
      Issue.record("it was read")
    } catch {
      #expect(error.line == 2, "\(error)")
    }
  }

  @Test("use no more than their limits allow")
  func limits() {
    let greedy = [
      "{{ range(1000000) }}", "{{ 'a' * 1000000000 }}",
      "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ 2 ** 100 }}", "{{ 9223372036854775807 + 1 }}",
      "{% set ns = namespace(t='x') %}{% for i in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}",
      String(repeating: "(", count: 5000), String(repeating: "{% if a %}", count: 5000),
      "{{ " + String(repeating: "-", count: 5000) + "1 }}", "{{ '%999999999d' % 1 }}",
    ]
    for template in greedy {
      #expect(throws: TemplateError.self, "\(template.prefix(40))") {
        try Template(template.hasPrefix("(") ? "{{ \(template) }}" : template, options: .chat)
          .render(TemplateDictionary())
      }
    }
  }

  @Test("that are damaged are errors, never traps")
  func mutations() throws {
    var generator = SplitMix(state: 7)
    let sources = Self.fixture.cases.map { Array($0.template.utf8) }
    let signs = Array("{}%#'\"()[]|.,-+*/~=<>! \n0aZ".utf8)
    for _ in 0..<20_000 {
      var bytes = sources[Int(generator.next() % UInt64(sources.count))]
      for _ in 0..<(1 + generator.next() % 4) where !bytes.isEmpty {
        let place = Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 3 {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = signs[Int(generator.next() % UInt64(signs.count))]
        default: bytes.insert(contentsOf: bytes[place...].prefix(6), at: place)
        }
      }
      var options = TemplateOptions.chat
      options.limits.steps = 20_000
      options.limits.outputBytes = 1 << 20
      _ = try? Template(String(decoding: bytes, as: UTF8.self), options: options).render(Self.fixture.context)
    }
  }
}

private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

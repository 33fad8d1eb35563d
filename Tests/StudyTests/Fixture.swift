import Foundation

/// Numbers that scipy made (`scripts/fixtures/study_reference.py`).
struct Fixture {
  private let value: Value

  /// By `JSONDecoder`, which reads numbers to the last bit; `JSONSerialization` does not.
  private indirect enum Value: Decodable {
    case object([String: Value])
    case list([Value])
    case number(Double)
    case text(String)
    case absent

    init(from decoder: any Decoder) throws {
      if let object = try? [String: Value](from: decoder) {
        self = .object(object)
      } else if let list = try? [Value](from: decoder) {
        self = .list(list)
      } else if let number = try? Double(from: decoder) {
        self = .number(number)
      } else {
        self = (try? .text(String(from: decoder))) ?? .absent
      }
    }
  }

  init(_ name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
    value = try JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
  }

  private init(_ value: Value) { self.value = value }

  subscript(_ key: String) -> Fixture {
    if case .object(let members) = value { Fixture(members[key] ?? .absent) } else { Fixture(.absent) }
  }

  var list: [Fixture] { if case .list(let items) = value { items.map { Fixture($0) } } else { [] } }
  var numbers: [Double] { list.map(\.number) }
  var rows: [[Double]] { list.map(\.numbers) }
  var number: Double { if case .number(let number) = value { number } else { .nan } }
  var text: String { if case .text(let text) = value { text } else { "" } }
  var exists: Bool { if case .absent = value { false } else { true } }
}

/// Whether `a` is within `tolerance` of `b`, relative to the larger of 1·scale and |b|.
func near(_ a: Double, _ b: Double, _ tolerance: Double, scale: Double = 0) -> Bool {
  abs(a - b) <= tolerance * max(abs(b), scale)
}

import Foundation
import Testing
import WireProtocol

@Suite("The specification")
struct SpecificationTests {
  /// Cells of the rows of `SPEC.md`'s message table.
  static func rows() throws -> [[String]] {
    let file = GoldenFrameTests.directory.deletingLastPathComponent().appendingPathComponent("SPEC.md")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("| 0x") }
      .map { line in line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  /// A route cell in words, from the code's routes.
  static func words(_ type: MessageType) -> String {
    let routes = type.routes
    func links(to side: ConnectionSide) -> [Role] { Role.allCases.filter { type.mayArrive(at: side, of: $0) } }
    let (opener, acceptor) = (links(to: .opener), links(to: .acceptor))
    switch (type, opener, acceptor) {
    case (.hello, [], []): return "before WELCOME, → acceptor"
    case (_, [], []): return "answers hello"
    case (_, Role.allCases, Role.allCases): return "every link, both ways"
    case (_, [.worker, .runner], []): return "relay → opener"
    case (_, [], [.worker, .runner]): return "relay → acceptor"
    case (_, let both, acceptor) where both == acceptor:
      return both.map { "\($0)" }.joined(separator: " and ") + ", both ways"
    case (_, let one, []) where one.count == 1: return "\(one[0]) → opener"
    case (_, [], let one) where one.count == 1: return "\(one[0]) → acceptor"
    default: return "\(routes)"
    }
  }

  @Test("Its message table has the numbers, names, classes and routes of the code, in order")
  func messageTable() throws {
    let rows = try Self.rows().map { Array($0[..<4]) }
    let expected = MessageType.allCases.map { type in
      ["0x" + String(format: "%04X", type.rawValue), "\(type)", "\(type.sizeClass)", Self.words(type)]
    }
    #expect(rows.count == expected.count)
    for (row, expected) in zip(rows, expected) { #expect(row == expected) }
  }

  @Test("It states the limits of the code")
  func limits() throws {
    let file = GoldenFrameTests.directory.deletingLastPathComponent().appendingPathComponent("SPEC.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let formatter = NumberFormatter()
    formatter.numberStyle = .decimal
    formatter.locale = Locale(identifier: "en_US")
    for limit in [
      WireLimits.handshakeBodyBytes, WireLimits.controlBodyBytes, WireLimits.bulkBodyBytes, WireLimits.linesBytes,
      WireLimits.documentBytes, WireLimits.listElements, WireLimits.cumulativeElements,
    ] {
      #expect(text.contains(try #require(formatter.string(from: NSNumber(value: limit)))), "\(limit)")
    }
    #expect(text.contains("255 × body_len + 64") && text.contains("nest at most \(WireLimits.nestingDepth) deep"))
    #expect(WireLimits.initialCreditBytes == 4 * WireLimits.bulkBodyBytes)
  }
}

import Foundation
import Synchronization
import Testing

@testable import GradientExchange

/// Memory of nodes is used again, whoever gives it back, and is never two nodes' at once.
struct NodeMemoryTests {
  private static let whole = 262_144

  private func node(_ format: NodeFormat, count: Int = whole, byte: UInt8) -> NodeValues {
    NodeValues(format: format, count: count) { $0.initializeMemory(as: UInt8.self, repeating: byte) }
  }

  private func address(_ node: NodeValues) -> UInt {
    node.withBytes { UInt(bitPattern: $0.baseAddress) }
  }

  @Test func nodesThatLiveTogetherHaveMemoryOfTheirOwn() {
    // Both sizes, more than a slab holds, some given back in between, and one that is no whole chunk.
    var nodes: [(node: NodeValues, byte: UInt8)] = []
    for round in 0..<100 {
      let byte = UInt8(round)
      nodes.append((node(round % 3 == 0 ? .fp32 : .bf16, byte: byte), byte))
      nodes.append((node(.fp32, count: 1000 + round, byte: byte), byte))
      if round % 4 == 3 { nodes.remove(at: round / 4) }
    }
    for (node, byte) in nodes {
      #expect(address(node) % 64 == 0)
      #expect(node.withBytes { $0.allSatisfy { $0 == byte } }, "another node wrote into it")
    }
  }

  @Test func whatOneThreadGivesBackAnotherTakes() async {
    // Nodes made here and dropped elsewhere, in turn: without sharing, each round would take new memory.
    let seen = Mutex(Set<UInt>())
    for round in 0..<200 {
      let made = node(.bf16, byte: UInt8(round % 251))
      _ = seen.withLock { $0.insert(address(made)) }
      await Task.detached { withExtendedLifetime(made) {} }.value
    }
    // Other tests take and give back beside this one.
    #expect(seen.withLock { $0.count } < 100)
  }

  @Test func aNodeThatCannotBeFilledGivesItsMemoryBack() {
    struct Refused: Error {}
    for _ in 0..<100 {
      #expect(throws: Refused.self) {
        _ = try NodeValues(format: .fp32, count: Self.whole) { _ throws(Refused) in throw Refused() }
      }
    }
    #expect(node(.fp32, byte: 7).withBytes { $0.allSatisfy { $0 == 7 } })
  }
}

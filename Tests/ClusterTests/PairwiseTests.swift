import Foundation
import TestSupport
import Testing

extension ClusterTests {
  @Suite("One hash in every combination", .serialized)
  struct Pairwise {
    /// Any two values of two factors meet, but for four of the sixteen pairs of workers and threads; a test below
    /// counts.
    private static let table: [Combination] = [
      row(1, 1, .widest, "fp32", .runnerKilled),
      row(1, 2, .avx2, "fp32", .workerJoins),
      row(1, 3, .avx2, "bf16", .coordinatorKilled),
      row(2, 2, .widest, "bf16", .runnerKilled),
      row(2, 3, .widest, "bf16", .workerJoins),
      row(2, 7, .avx2, "fp32", .coordinatorKilled),
      row(3, 3, .avx2, "fp32", .runnerKilled),
      row(3, 7, .avx2, "bf16", .workerJoins),
      row(3, 1, .widest, "bf16", .coordinatorKilled),
      row(5, 7, .widest, "fp32", .runnerKilled),
      row(5, 1, .avx2, "fp32", .workerJoins),
      row(5, 2, .widest, "bf16", .coordinatorKilled),
    ]

    private static func row(
      _ workers: Int, _ threads: Int, _ set: InstructionSetChoice, _ exchange: String, _ fault: Fault
    ) -> Combination {
      Combination(workers: workers, threads: threads, instructionSet: set, exchange: exchange, fault: fault)
    }

    @Test("twelve of them, in which values meet pairwise", arguments: table)
    func combination(_ combination: Combination) throws { try check(combination) }

    @Test("the twelve hold every pair but four of workers and threads")
    func coverage() {
      let factors: [(name: String, count: Int, value: (Combination) -> String)] = [
        ("workers", 4, { "\($0.workers)" }), ("threads", 4, { "\($0.threads)" }),
        ("instructions", 2, { $0.instructionSet.rawValue }), ("codec", 2, { $0.exchange }),
        ("fault", 3, { $0.fault.rawValue }),
      ]
      for (index, first) in factors.enumerated() {
        for second in factors[..<index] {
          let met = Set(Self.table.map { [first.value($0), second.value($0)] })
          let all = first.count * second.count
          #expect(met.count == min(all, Self.table.count), "\(first.name) and \(second.name)")
        }
      }
    }

    /// How many of all combinations `scripts/full-matrix.sh` asks for.
    private static let wanted = ProcessInfo.processInfo.environment["ADMIX_FULL_MATRIX"].flatMap { Int($0) } ?? 0

    private static let everything = Combination.workerCounts.flatMap { workers in
      Combination.threadCounts.flatMap { threads in
        InstructionSetChoice.allCases.flatMap { set in
          Combination.exchanges.flatMap { exchange in
            Fault.allCases.map { row(workers, threads, set, exchange, $0) }
          }
        }
      }
    }

    @Test("all 512 of them", .enabled(if: wanted > 0, "it takes about 40 minutes: scripts/full-matrix.sh"))
    func fullMatrix() throws {
      let all = Self.everything
      for number in 0..<min(Self.wanted, all.count) {
        // A step without a common factor with 512 spreads a part over all values, and meets each of the whole once.
        let combination = all[number * 37 % all.count]
        FileHandle.standardError.write(Data("\(number + 1) of \(all.count): \(combination)\n".utf8))
        try check(combination)
      }
    }

    private func check(_ combination: Combination) throws {
      let expected = try References.shared.hash(.named(.stories, combination.exchange), steps: Combination.steps)
      let (shown, faultStep) = try combination.run()
      #expect(shown["state"] as? String == "COMPLETED", "\(combination)")
      #expect(shown["weights_sha256"] as? String == expected, "\(combination), fault after step \(faultStep)")
      #expect(faultStep < Combination.steps, "\(combination): the job was over before the fault")
    }
  }
}

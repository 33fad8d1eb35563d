import Testing

@testable import Study

@Suite("Transfer and verification")
struct TransferTests {
  private let small = ModelShape(name: "8B", parameters: 8.03e9, width: 4096, layers: 32, vocabularySize: 128_256)
  private let large = ModelShape(name: "70B", parameters: 70.6e9, width: 8192, layers: 80, vocabularySize: 128_256)
  private let setting = Setting(ratio: 0.35, learningRate: 1e-4)

  @Test("From 8B to 70B the rules give 0.50, 0.32 and 0.21; the chosen point lies between, leaning low")
  func published() throws {
    let transfer = try Transfer(of: setting, from: small, to: large, maximumRetainedRise: 0.03)
    #expect(transfer.rules.map { decimal($0.factor, 2) } == ["0.50", "0.32", "0.21"])
    #expect(near(transfer.learningRateBand.lower, 2.12e-5, 0.01) && near(transfer.learningRateBand.upper, 5e-5, 1e-9))
    #expect(near(transfer.factor, 0.3257, 0.01) && transfer.chosen.ratio == 0.35)
    #expect(transfer.confirmation.count == 3 && transfer.why.contains("geometric middle"))
    #expect(transfer.confirmation[1].learningRate > transfer.chosen.learningRate)
    #expect(transfer.json.contains("\"learning_rate_low\"") && transfer.markdown.contains("| step law |"))
    var options = TransferOptions()
    options.growsRatio = true
    let grown = try Transfer(of: setting, from: small, to: large, maximumRetainedRise: nil, options: options)
    #expect(grown.chosen.ratio > 0.4 && grown.chosen.ratio < 0.6 && grown.warnings.contains { $0.contains("grown") })
    (options.growsRatio, options.smallTokens, options.largeTokens) = (false, 1e9, 1e10)
    let longer = try Transfer(of: setting, from: small, to: large, maximumRetainedRise: nil, options: options)
    #expect(near(longer.rules[2].factor, 0.2125 * 2.0277, 0.01), "\(longer.rules[2])")
    let same = try Transfer(of: setting, from: small, to: small, maximumRetainedRise: nil)
    #expect(same.factor == 1 && same.why == "the rules agree")
  }

  @Test("Across tokenizers only by bytes, and then with both models' bytes per token")
  func tokenizers() throws {
    var other = large
    other.vocabularySize = 32_000
    func refusal(_ options: TransferOptions) -> String {
      do {
        _ = try Transfer(of: setting, from: small, to: other, maximumRetainedRise: nil, options: options)
        return "carried"
      } catch { return error.description }
    }
    var options = TransferOptions()
    #expect(refusal(options).contains("--by-bytes") && refusal(options).contains("32000"))
    options.byBytes = true
    #expect(refusal(options).contains("no bytes per token of the small model"))
    other.bytesPerToken = 3.5
    var from = small
    from.bytesPerToken = 4
    let carried = try Transfer(of: setting, from: from, to: other, maximumRetainedRise: nil, options: options)
    #expect(carried.byBytes && carried.warnings.contains { $0.contains("across tokenizers") })
    other.width = 0
    #expect(refusal(options).contains("width 0"))
  }

  private func cells(_ rows: [(rate: Double, new: Double, old: Double)], initial: Double? = 2) -> CellTable {
    CellTable(
      name: "large.csv", validationSets: ["zh", "en"], initialLosses: [3, initial],
      cells: rows.map {
        Cell(
          ratio: 0.35, learningRate: $0.rate, status: $0.new.isNaN ? .diverged : .completed, losses: [$0.new, $0.old])
      })
  }

  @Test("The large model confirms: yes, no and not tested, each in words, with regret")
  func verdicts() throws {
    let options = StudyOptions(newSets: [.init("zh")], retainedSets: [.init("en", isIndependent: true)])
    let cases: [(rows: [(rate: Double, new: Double, old: Double)], verdict: Verification.Verdict, says: String)] = [
      ([(1e-4, 2.5, 2.03), (2e-4, 2.52, 2.05), (5e-5, 2.54, 2.02)], .yes, "held on the large model"),
      ([(1e-4, 2.5, 2.03), (2e-4, 2.45, 2.05), (5e-5, 2.54, 2.02)], .no, "a neighbour is better by 2.04 %"),
      // The better neighbour breaks the limit: it is no rival.
      ([(1e-4, 2.5, 2.03), (2e-4, 2.45, 2.2), (5e-5, 2.54, 2.02)], .yes, "held"),
      ([(1e-4, 2.5, 2.1), (5e-5, 2.54, 2.02)], .no, "en rose by 5.00 %"),
      ([(1e-4, .nan, .nan), (5e-5, 2.54, 2.02)], .no, "diverged"),
      ([(2e-4, 2.5, 2.03)], .notTested, "no cell was run at the carried setting"),
      ([(1e-4, 2.5, 2.03)], .notTested, "no neighbour was run"),
    ]
    for (rows, verdict, says) in cases {
      let verification = try Verification(of: setting, in: cells(rows), options: options)
      #expect(verification.verdict == verdict, "\(rows): \(verification.sentences)")
      #expect(verification.sentences.joined(separator: " ").contains(says), "\(verification.sentences)")
      #expect(verification.json.contains("\"verdict\": \"\(verdict.rawValue)\""))
      #expect(verification.markdown.contains("| ALMR |"))
    }
    let open = try Verification(
      of: setting, in: cells([(1e-4, 2.5, 2.03), (2e-4, 2.6, 2)], initial: nil), options: options)
    #expect(open.verdict == .notTested && open.sentences[0].contains("before training are not known"))
    let better = try Verification(of: setting, in: cells(cases[1].rows), options: options)
    #expect(
      near(try #require(better.regret), 2.5 / 2.45 - 1, 1e-9)
        && better.sentences.contains { $0.contains("0.000200 instead") })
    var other = options
    other.newSets = [.init("fr")]
    #expect(throws: StudyError.self) { try Verification(of: setting, in: cells([]), options: other) }
  }

  @Test("A plan spends its budget on a grid that laws can be fitted to, and says so when it cannot")
  func plans() throws {
    let plan = try StudyPlan(.init(learningRates: 3e-5...1e-3, cellTokens: 2e9))
    #expect(plan.ratios.count == 4 && plan.learningRates.count == 4 && plan.cellCount == 18 && plan.tokens == 36e9)
    #expect(plan.laws.contains("d-cpt") && plan.learningRates.first == 3e-5 && plan.learningRates.last == 1e-3)
    var request = StudyPlan.Request(learningRates: 3e-5...1e-3, cellTokens: 2e9)
    request.budgetTokens = 60e9
    #expect(try StudyPlan(request).cellCount == 27)
    request.budgetTokens = 10e9
    do {
      _ = try StudyPlan(request)
      Issue.record("planned")
    } catch { #expect(error.description.contains("a budget of 5 cells, expected at least 9")) }
    request.budgetTokens = nil
    request.ratios = 0.5...1.5
    #expect(throws: StudyError.self) { try StudyPlan(request) }
  }
}

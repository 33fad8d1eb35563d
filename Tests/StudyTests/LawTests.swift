import Testing

@testable import Study

@Suite("Laws")
struct LawTests {
  private static let schedule = LearningRateSchedule(shape: .cosine, warmupSteps: 20, steps: 400)
  private static let laws: [any MixtureLaw] = [
    ExponentialMixing(), DomainContinual(variesSize: false, variesTokens: false, isRetained: false),
    DomainContinual(variesSize: true, variesTokens: true, isRetained: true),
    DomainContinual(variesSize: true, variesTokens: false, isRetained: false),
    CrossLingual(variesSize: false, isRetained: false), CrossLingual(variesSize: true, isRetained: true),
    AnnealingShift(schedule),
  ]

  @Test("Every law's slopes are its differences, and so are those of the terms in ln η")
  func slopes() {
    let frame = SurfaceFrame(ratios: 0.1...0.8, logRates: -10...(-7))
    for law in Self.laws {
      for rates in [1, 2, 4] {
        let terms = RateTerms(rates: rates, ratios: 4, frame: frame, knowsRate: law.knowsRate)
        var random = CounterRandom(seed: 9)
        for _ in 0..<20 {
          let rateStart = terms.start.map { $0 + random.uniform(in: -0.5...0.5) }
          let p = law.start(losses: 2...3, random: &random) + rateStart
          let point = LawPoint(
            ratio: random.uniform(in: 0.05...0.9), logRate: random.uniform(in: -10...(-7)),
            tokens: random.uniform(in: 0.2...20), parameters: random.uniform(in: 0.2...20))
          var slopes = [Double](repeating: .nan, count: p.count)
          let value = LawLoss.evaluate(law, terms, p, point, &slopes)
          #expect(value.isFinite)
          for j in p.indices {
            var scratch = slopes
            let step = 1e-5 * max(abs(p[j]), 1e-2)
            var (up, down) = (p, p)
            up[j] += step
            down[j] -= step
            let numeric =
              (LawLoss.evaluate(law, terms, up, point, &scratch) - LawLoss.evaluate(law, terms, down, point, &scratch))
              / (2 * step)
            #expect(near(slopes[j], numeric, 1e-4, scale: 1e-3), "\(law.formula), parameter \(j): \(slopes[j])")
          }
        }
      }
    }
  }

  private func cells(_ ratios: [Double], _ losses: [Double]) -> FitCells {
    FitCells(
      set: "pile",
      items: zip(ratios, losses).enumerated().map { place, pair in
        FitCells.Item(
          line: place + 2, ratio: pair.0, logRate: -8, seed: 0, loss: pair.1, isBound: false, tokens: nil,
          parameters: nil, weight: 1)
      })
  }

  @Test("The mixing law predicts the held-out share of the published runs, and their critical share")
  func publishedMixing() throws {
    // Pythia-70M on Pile and Python, 10k steps (2403.16952); ratios are the new source's, 1 − the Pile's share.
    let shares = [0.125, 0.285, 0.375, 0.5]
    let fit = try LawFit(
      ExponentialMixing(), cells(shares.map { 1 - $0 }, [2.9262, 2.8721, 2.8571, 2.8388]),
      frame: SurfaceFrame(ratios: 0.5...0.875, logRates: -8...(-8)), noise: 1e-3, seed: 1)
    #expect(near(fit.loss.value(0.75, -8), 2.8821, 1e-3), "\(fit.loss.value(0.75, -8))")
    let grid = (0...2000).map { 0.5 + 0.375 * Double($0) / 2000 }
    let critical = try #require(
      CriticalMixtureRatio.critical(ratios: grid, retained: grid.map { fit.loss.value($0, -8) }, limit: 2.8734))
    #expect(abs(1 - critical.ratio - 0.286) < 0.01, "critical share \(1 - critical.ratio)")
  }

  @Test("The published choice of D-CPT is the largest ratio that keeps the old loss within 3 %")
  func publishedChoice() throws {
    let critical = try #require(
      CriticalMixtureRatio.critical(
        ratios: [0.9, 0.91, 0.92, 0.924, 0.93, 0.94, 1],
        retained: [2.9052, 2.9193, 2.9376, 2.9445, 2.9644, 2.9848, 3.4667], limit: 2.8602 * 1.03))
    #expect(abs(critical.ratio - 0.924) < 0.001 && !critical.isOpen, "\(critical)")
    #expect(CriticalMixtureRatio.critical(ratios: [0.1], retained: [3], limit: 2) == nil)
    #expect(CriticalMixtureRatio.critical(ratios: [0.1], retained: [3], limit: 4)?.isOpen == true)
  }

  @Test("The critical mixture ratios of 460M and 940M are the published 29.8 % and 34.9 %")
  func publishedCriticalRatios() {
    #expect(abs(CriticalMixtureRatio.published460M.ratio(100) - 0.298) < 0.0006)
    #expect(abs(CriticalMixtureRatio.published940M.ratio(100) - 0.349) < 0.0006)
  }

  @Test("Power curves of one and two powers are found again")
  func powerCurves() throws {
    let lengths = (1...14).map { Double($0) * 3 }
    let one = try PowerCurve(
      lengths: lengths, losses: lengths.map { -0.4 * PortableMath.power($0, 0.3) + 0.2 }, powers: 1, name: "zh")
    #expect(near(one.powers[0].exponent, 0.3, 1e-3) && near(one.powers[0].alpha, -0.4, 1e-2) && one.error < 1e-6)
    let truth = { (t: Double) in 0.3 * PortableMath.power(t, -0.7) + 0.02 * PortableMath.power(t, 0.4) - 0.1 }
    let two = try PowerCurve(lengths: lengths, losses: lengths.map(truth), powers: 2, name: "en")
    #expect(abs(two.value(60) - truth(60)) < 2e-3, "\(two.value(60)) against \(truth(60))")
    #expect(throws: StudyError.self) { try PowerCurve(lengths: [1, 2], losses: [1, 2], powers: 1, name: "en") }
  }

  /// Curves of four ratios whose retained losses rise, the more the higher the ratio, and fall again.
  private func mixtureCurves(evaluations: Int, noise: Double = 0) -> (cells: CellTable, curves: CellTable) {
    var random = CounterRandom(seed: 12)
    var rows: [Cell] = []
    for ratio in [0.1, 0.25, 0.4, 0.6] {
      for rate in [1e-4, 3e-4] {
        for place in 1...evaluations {
          let t = Double(place) / Double(evaluations)
          let new = 3 - 0.8 * PortableMath.power(t, 0.3) * (0.5 + ratio)
          let old = 2 + 0.4 * ratio * PortableMath.power(t, 0.5) - 0.15 * ratio * PortableMath.power(t, 1.2)
          rows.append(
            Cell(
              ratio: ratio, learningRate: rate, step: place * 10, tokens: t * 1e9,
              losses: [new + noise * random.normal(), old + noise * random.normal()], line: rows.count + 2))
        }
      }
    }
    func table(_ name: String, _ cells: [Cell]) -> CellTable {
      CellTable(name: name, validationSets: ["zh", "en"], initialLosses: [3, 2], cells: cells)
    }
    return (table("cells.csv", rows.filter { $0.step == evaluations * 10 }), table("curves.csv", rows))
  }

  private func mixtureOptions(rise: Double? = 0.05) -> StudyOptions {
    var options = StudyOptions(newSets: [.init("zh")], retainedSets: [.init("en", isIndependent: true)])
    options.maximumRetainedRise = rise
    options.bootstrapCount = 20
    options.laws = [CriticalMixture.law]
    return options
  }

  @Test("The critical mixture ratio is read off curves, with its growth; without enough of them the law says so")
  func criticalMixture() throws {
    let (cells, curves) = mixtureCurves(evaluations: 12, noise: 2e-4)
    let answer = try StudyAnswer(cells: cells, curves: curves, options: mixtureOptions())
    let critical = try #require(answer.criticalMixture)
    // 0.25·r = 0.05·2 at the end: r = 0.4, one that was run.
    let end = try #require(critical.ratio)
    #expect(abs(end.value - 0.4) < 0.01 && end.interval.contains(0.4), "\(end)")
    #expect(critical.points.first?.isOpen == true && critical.points.count == 12 && critical.countsTokens)
    #expect(critical.growth != nil && critical.sentence.contains("twice as long"), "\(critical.sentence)")
    let reports = answer.laws.filter { $0.law == CriticalMixture.law }
    #expect(reports.map(\.set) == ["zh", "en"] && reports.allSatisfy { $0.refusal == nil })
    #expect(reports.allSatisfy { $0.leaveOneOutError < 3e-3 && $0.residualError < 4e-4 }, "\(reports)")
    #expect(reports.map(\.parameterCount) == [12, 20] && reports.allSatisfy { $0.choice?.ratio == end.value })
    // The small power of new losses over twelve points: found again.
    let exponent = try #require(reports[0].parameters.first { $0.name == "s₁ at 0.600" })
    #expect(exponent.isIdentified && exponent.estimate.interval.contains(0.3), "\(exponent)")
    #expect(answer.json.contains("\"critical_mixture\"") && answer.markdown.contains("## Critical mixture ratio"))
    #expect(answer.json == (try StudyAnswer(cells: cells, curves: curves, options: mixtureOptions())).json)

    let open = try StudyAnswer(cells: cells, curves: curves, options: mixtureOptions(rise: 0.5))
    #expect(open.criticalMixture?.ratio == nil && open.criticalMixture?.sentence.contains("every ratio") == true)
    let without = try StudyAnswer(cells: cells, options: mixtureOptions())
    #expect(without.criticalMixture == nil && without.laws.last?.refusal?.contains("found no curves") == true)
    let short = mixtureCurves(evaluations: 5)
    let few = try StudyFit(cells: short.cells, curves: short.curves, options: mixtureOptions(rise: nil))
    let refusal = few.laws.first { $0.law == CriticalMixture.law && $0.set == "en" }?.refusal ?? ""
    #expect(refusal.contains("of en: found 5 evaluations in the curve of ratio 0.1, expected at least"))
    #expect(few.laws.contains { $0.law == CriticalMixture.law && $0.set == "zh" && $0.refusal == nil })
    var options = mixtureOptions()
    options.predictor = CriticalMixture.law
    #expect(throws: StudyError.self) { try StudyAnswer(cells: cells, curves: curves, options: options) }
  }

  @Test("Laws that know size and length are fitted to a table of several; the others say that they do not")
  func severalSizes() throws {
    var rows: [Cell] = []
    for size in [1e8, 4e8, 1.6e9] {
      for tokens in [0.5e9, 1e9, 2e9] {
        for ratio in [0.1, 0.25, 0.4, 0.6, 0.8] {
          let (n, d) = (size / 1e9, tokens / 1e9)
          let new =
            1.2 + 0.4 / PortableMath.power(n, 0.35)
            + 0.5 / (PortableMath.power(ratio * d, 0.2) * PortableMath.power(n, 0.08))
          rows.append(
            Cell(
              ratio: ratio, learningRate: 3e-4, step: 10, tokens: tokens, parameters: size, losses: [new],
              line: rows.count + 2))
        }
      }
    }
    let table = CellTable(name: "cells.csv", validationSets: ["zh"], initialLosses: [4], cells: rows)
    var options = StudyOptions(newSets: [.init("zh")], retainedSets: [])
    options.laws = ["response surface", "mixing", "d-cpt", "cross-lingual"]
    let fit = try StudyFit(cells: table, options: options)
    func report(_ name: String) throws -> LawReport { try #require(fit.laws.first { $0.law == name }) }
    let cross = try report("cross-lingual")
    #expect(cross.formula.contains("N^γ") && cross.refusal == nil && cross.residualError < 1e-3, "\(cross)")
    #expect(cross.leaveOneOutError < 5e-3, "\(cross.leaveOneOutError)")
    let dcpt = try report("d-cpt")
    #expect(dcpt.formula.contains("A/N^α") && dcpt.formula.contains("/D^β") && dcpt.residualError < 0.05, "\(dcpt)")
    for name in ["response surface", "mixing"] {
      #expect(try report(name).refusal?.contains("found cells of 3 model sizes, expected one") == true)
    }
  }

  @Test("Step law gives its authors' learning rate and batch")
  func stepLaw() {
    #expect(near(StepLaw.learningRate(parameters: 1e9, tokens: 1e11), 1.62e-3, 0.02))
    #expect(near(StepLaw.batchTokens(tokens: 1e11), 1.11e6, 0.02))
  }

  @Test("Robust fits of laws end where scipy's do")
  func againstScipy() throws {
    let fixture = try Fixture("laws.json")
    for item in fixture["fits"].list {
      let law: any MixtureLaw =
        item["law"].text == "mixing"
        ? ExponentialMixing() : DomainContinual(variesSize: false, variesTokens: false, isRetained: false)
      let ratios = item["r"].numbers
      let fit = try LawFit(
        law, cells(ratios, item["y"].numbers), frame: SurfaceFrame(ratios: 0...1, logRates: -8...(-8)),
        noise: item["delta"].number / LawFit.huberWidth, seed: 1)
      #expect(fit.value <= item["cost"].number * 1.001 + 1e-12, "\(law.name): \(fit.value), \(item["cost"].number)")
      for (ratio, expected) in zip(ratios, item["fitted"].numbers) where item["law"].text == "mixing" {
        #expect(near(fit.loss.value(ratio, -8), expected, 1e-4))
      }
    }
  }

  @Test("Known parameters are recovered where cells identify them, and marked where they do not")
  func recovery() throws {
    var random = CounterRandom(seed: 4)
    let ratios = (0..<12).map { 0.05 + 0.08 * Double($0) }
    let losses = ratios.map { 1.8 + 0.9 * PortableMath.exp(-3 * $0) + 0.001 * random.normal() }
    let many = cells(ratios, losses)
    let frame = SurfaceFrame(ratios: 0.05...0.93, logRates: -8...(-8))
    let fit = try LawFit(ExponentialMixing(), many, frame: frame, noise: 1e-3, seed: 1)
    let options = StudyOptions(newSets: [.init("pile")], retainedSets: [])
    let report = LawReport(fit, many, leaveOneOut: 0.001, options: options)
    for (parameter, truth) in zip(report.parameters, [1.8, 0.9, -3]) {
      #expect(near(parameter.estimate.value, truth, 0.05) && parameter.isIdentified, "\(parameter)")
    }
    // Six parameters of a curve that is a straight line within the noise.
    let straight = cells(ratios, ratios.map { 2 - 0.1 * $0 + 0.001 * random.normal() })
    let dcpt = try LawFit(
      DomainContinual(variesSize: false, variesTokens: false, isRetained: false), straight, frame: frame, noise: 1e-3,
      seed: 1)
    let open = LawReport(dcpt, straight, leaveOneOut: 0.001, options: options)
    #expect(open.rank < open.parameterCount && open.unidentified.contains("not to be read"), "\(open.rank)")
  }

  @Test("Too few cells for a law are refused with its name, what there is and what it needs")
  func tooFew() {
    let few = cells([0.1, 0.2, 0.3], [3, 2.9, 2.8])
    let frame = SurfaceFrame(ratios: 0.1...0.3, logRates: -8...(-8))
    do {
      _ = try LawFit(
        DomainContinual(variesSize: false, variesTokens: false, isRetained: false), few, frame: frame, noise: 1e-3,
        seed: 1)
      Issue.record("fitted")
    } catch {
      let sentence = error.description
      for part in ["d-cpt", "pile", "found 3 ratios", "at least 4"] { #expect(sentence.contains(part), "\(sentence)") }
    }
    #expect(throws: StudyError.self) {
      try LawFit(
        CrossLingual(variesSize: false, isRetained: false), cells([0, 0.2, 0.3, 0.5], [3, 2.9, 2.8, 2.7]),
        frame: frame, noise: 1e-3, seed: 1)
    }
  }
}

import Testing

@testable import Study

@Suite("Recommendations")
struct RecommendTests {
  private func refusal(_ table: CellTable, _ options: StudyOptions, curves: CellTable? = nil) -> String {
    do {
      _ = try StudyAnswer(cells: table, curves: curves, options: options)
      return "answered without complaint"
    } catch {
      return error.description
    }
  }

  private func quick(_ design: SyntheticStudy, _ change: (inout StudyOptions) -> Void = { _ in }) -> StudyOptions {
    var options = design.options
    options.bootstrapCount = 100
    options.laws = ["mixing"]
    change(&options)
    return options
  }

  @Test("The answer holds the truth, keeps the limit, names the set that binds, and says the same twice, to the byte")
  func wholeAnswer() throws {
    let design = SyntheticStudy.designs[2]
    let table = design.table(seed: 11)
    let answer = try StudyAnswer(cells: table, options: quick(design))
    let truth = design.best
    let choice = answer.recommendation
    #expect(abs(choice.ratio.value - truth.ratio) < 0.06, "\(choice.ratio)")
    #expect(abs(PortableMath.log(choice.learningRate.value) - truth.logRate) < 0.2, "\(choice.learningRate)")
    #expect(choice.bindingSet == "en" && answer.feasibility?.isFeasible == true)
    let old = try #require(choice.losses.last)
    #expect(try #require(old.change).value < 0.0301 && old.isBinding && old.limit.map { near($0, 2.678, 1e-9) } == true)
    #expect(choice.ratio.interval.lower < choice.ratio.interval.upper)
    #expect(answer.ridge.sentence.contains("each tenth of ratio"), "\(answer.ridge.sentence)")
    #expect(answer.paretoFront.count > 5 && answer.surfaces.count == 2 && answer.questions.count == 4)
    for (a, b) in zip(answer.paretoFront, answer.paretoFront.dropFirst()) {
      #expect(a.newLoss <= b.newLoss && a.worstRetainedRise > b.worstRetainedRise)
    }
    #expect(answer.residuals.count == 64 && answer.openingWarning == nil)
    let again = try StudyAnswer(
      cells: CellTable(csv: Array(table.csv.utf8), name: "cells.csv", rows: .runs), options: quick(design))
    #expect(again.json == answer.json && again.markdown == answer.markdown)
    #expect(again.csvFiles.map(\.text) == answer.csvFiles.map(\.text))
    #expect(answer.json.hasPrefix("{\n  \"schema\": 1,\n  \"kind\": \"study\",\n  \"almr\": "))
    let other = try StudyAnswer(cells: table, options: quick(design) { $0.seed = 2 })
    #expect(other.recommendation.ratio.value == choice.ratio.value && other.recommendation.ratio != choice.ratio)
  }

  @Test("Without a set independent of the replay text the answer opens with that")
  func replayed() throws {
    let design = SyntheticStudy.designs[0]
    let options = quick(design) { $0.retainedSets = [.init("en", isIndependent: false)] }
    let answer = try StudyAnswer(cells: design.table(seed: 1), options: options)
    #expect(answer.openingWarning?.contains("independent of the replay text") == true)
    #expect(answer.markdown.hasPrefix("# Study of cells.csv\n\n> **No retained set is independent"))
    #expect(answer.distrust.first?.contains("independent") == true)
  }

  @Test("A limit that nothing keeps: by how much it is missed, and what is nearest")
  func infeasible() throws {
    let design = SyntheticStudy.designs[0]
    let answer = try StudyAnswer(
      cells: design.table(seed: 1), options: quick(design) { $0.maximumRetainedRise = -0.01 })
    let feasibility = try #require(answer.feasibility)
    #expect(!feasibility.isFeasible && feasibility.probability < 0.05)
    #expect(near(try #require(feasibility.nearestRise) + 0.01, try #require(feasibility.shortfall), 1e-9))
    #expect(feasibility.sentence.contains("the nearest") && feasibility.sentence.contains("raises en by"))
    #expect(answer.recommendation.ratio.value < 0.12, "the point nearest to the limit")
    #expect(answer.distrust.contains { $0.contains("nothing keeps the limit") })
  }

  @Test("The worst of several retained sets binds; one that is replayed does not")
  func worstSet() throws {
    let design = SyntheticStudy.designs[0]
    var table = design.table(seed: 1)
    table.validationSets += ["code", "replayed"]
    table.initialLosses += [1.5, 2]
    for index in table.cells.indices {
      guard let old = table.cells[index].losses[1] else { continue }
      table.cells[index].losses += [1.5 * (1 + 2 * (old / 2.6 - 1)), 5]
    }
    let options = quick(design) {
      $0.retainedSets = [
        .init("en", isIndependent: true), .init("code", isIndependent: true), .init("replayed", isIndependent: false),
      ]
    }
    let answer = try StudyAnswer(cells: table, options: options)
    #expect(answer.recommendation.bindingSet == "code" && answer.feasibility?.isFeasible == true)
    #expect(answer.recommendation.losses.last?.limit == nil)
  }

  @Test("An optimum on the grid's edge is said, and the next cells lie beyond it")
  func edges() throws {
    var design = SyntheticStudy.designs[0]
    design.maximumRise = 0.5
    let answer = try StudyAnswer(cells: design.table(seed: 2), options: quick(design))
    #expect(answer.recommendation.edges.contains("the highest ratio"), "\(answer.recommendation)")
    #expect(answer.warnings.contains { $0.contains("edge") } && answer.distrust.contains { $0.contains("edge") })
    #expect(answer.nextCells.first.map { $0.setting.ratio > 0.6 } == true, "\(answer.nextCells)")
    let broke = try StudyAnswer(cells: design.table(seed: 2), options: quick(design) { $0.budgetTokens = 2.5e9 })
    #expect(broke.nextCells.count == 2 && broke.nextCells.allSatisfy { $0.tokens == 1e9 })
  }

  @Test("Curves tell what shorter pilots would have chosen")
  func pilots() throws {
    let design = SyntheticStudy.designs[0]
    let final = design.table(seed: 6)
    var rows: [Cell] = []
    for cell in final.cells {
      var start = cell
      (start.step, start.tokens, start.losses) = (0, 0, [3.1, 2.6])
      rows.append(start)
      for part in [0.25, 0.5, 0.75, 1] {
        var row = cell
        (row.step, row.tokens) = (Int(1000 * part), 1e9 * part)
        // Early on, the best learning rate is higher.
        let rate = PortableMath.log(cell.learningRate) - 0.5 * (1 - part)
        row.losses = [design.newLoss(cell.ratio, rate) + 0.4 * (1 - part), design.retainedLoss(cell.ratio, rate)]
        rows.append(row)
      }
    }
    let curves = CellTable(
      name: "curves.csv", validationSets: ["zh", "en"], initialLosses: [3.1, 2.6], cells: rows)
    let answer = try StudyAnswer(cells: final, curves: curves, options: quick(design))
    #expect(answer.pilots.map(\.share) == [0.25, 0.5, 0.75])
    let factors = answer.pilots.compactMap(\.learningRateFactor)
    #expect(factors.count == 3 && factors[0] > 1.15 && factors[0] > factors[2], "\(factors)")
    let other = CellTable(name: "curves.csv", validationSets: ["zh"], initialLosses: [nil], cells: [])
    #expect(refusal(final, quick(design), curves: other).contains("found losses of zh, expected the sets of cells.csv"))
  }

  @Test("Cells that diverged are left out with a note; bounds are said")
  func marked() throws {
    let design = SyntheticStudy.designs[1]
    var table = design.table(seed: 1)
    table.cells[24].status = .diverged
    table.cells[24].losses = [.nan, .nan]
    table.cells[20].status = .earlyStopped
    table = try CellTable(csv: Array(table.csv.utf8), name: "cells.csv", rows: .runs)
    let answer = try StudyAnswer(cells: table, options: quick(design))
    #expect(answer.cells.diverged == 1 && answer.cells.earlyStopped == 1 && answer.cells.completed == 23)
    #expect(answer.notes.contains { $0.contains("line 26") && $0.contains("diverged") }, "\(answer.notes)")
    #expect(answer.notes.contains { $0.contains("1 cells were stopped early") })
    #expect(answer.residuals.filter { $0.treatment == .bound }.map(\.set) == ["zh"])
  }

  @Test("What cannot be answered is refused with a sentence")
  func refusals() {
    let design = SyntheticStudy.designs[0]
    let table = design.table(seed: 1)
    var one = table
    for index in one.cells.indices { one.cells[index].ratio = 0.3 }
    #expect(refusal(one, quick(design)).contains("all cells at one ratio, 0.3"))
    var unknown = table
    unknown.initialLosses[1] = nil
    let sentence = refusal(unknown, quick(design))
    #expect(sentence.contains("no loss of en before training") && sentence.contains("--initial en=LOSS"), "\(sentence)")
    var sizes = table
    sizes.cells[0].parameters = 1e8
    sizes.cells[1].parameters = 1e9
    #expect(refusal(sizes, quick(design)).contains("2 model sizes"))
    let cases: [(String, (inout StudyOptions) -> Void)] = [
      ("no loss of a set called “fr”", { $0.newSets = [.init("fr")] }),
      ("zh twice", { $0.newSets = [.init("zh"), .init("zh")] }),
      ("at least one validation set of the added language", { $0.newSets = [] }),
      ("no retained set that it could limit", { $0.retainedSets = [] }),
      ("no law of that name", { $0.laws = ["kaplan"] }), ("confidence", { $0.confidence = 1 }),
      ("replicates", { $0.bootstrapCount = 1 }), ("weight of zh", { $0.newSets = [.init("zh", weight: -1)] }),
      ("new_loss_weight", { $0.newLossWeight = 0 }), ("max_retained_rise", { $0.maximumRetainedRise = .nan }),
      ("a predictor that does not fit every set", { $0.predictor = "annealing-shift" }),
    ]
    for (part, change) in cases {
      let sentence = refusal(table, quick(design, change))
      #expect(sentence.contains(part), "\(part): \(sentence)")
    }
  }

  @Test("Laws are ranked by their error on cells left out, refused ones with has and needs; each can predict")
  func laws() throws {
    let design = SyntheticStudy.designs[1]
    var options = quick(design) { $0.laws = nil }
    let fit = try StudyFit(cells: design.table(seed: 4), options: options)
    let errors = fit.laws.filter { $0.set == "zh" && $0.refusal == nil }.map(\.leaveOneOutError)
    #expect(errors.count >= 4 && errors == errors.sorted(), "\(errors)")
    #expect(fit.laws.contains { $0.law == "annealing-shift" && $0.refusal?.contains("schedule") == true })
    #expect(fit.json.contains("\"leave_one_out_error\"") && fit.markdown.contains("## d-cpt of zh"))
    options.predictor = "mixing"
    options.bootstrapCount = 30
    let answer = try StudyAnswer(cells: design.table(seed: 4), options: options)
    #expect(answer.predictor.isUsersChoice && abs(answer.recommendation.ratio.value - design.best.ratio) < 0.12)
    options.schedule = LearningRateSchedule(shape: .cosine, warmupSteps: 10, steps: 1000)
    options.laws = ["annealing-shift"]
    options.predictor = nil
    let shift = try StudyFit(cells: design.table(seed: 4), options: options)
    #expect(shift.laws.contains { $0.law == "annealing-shift" && $0.refusal == nil })
  }
}

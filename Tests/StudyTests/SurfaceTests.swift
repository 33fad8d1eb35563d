import Testing

@testable import Study

@Suite("Response surface")
struct SurfaceTests {
  @Test("The asymmetric basin has its slopes, its bottom, and is a parabola at k = 0")
  func basin() throws {
    for k in [-2.0, -0.5, -1e-3, 1e-6, 0.5, 3] {
      for t in [-1.0, -0.01, 0.003, 0.7] {
        let step = 1e-5
        let numeric =
          (AsymmetricSquare.value(k + step, t) - AsymmetricSquare.value(k - step, t)) / (2 * step)
        #expect(near(AsymmetricSquare.slopeInShape(k, t), numeric, 1e-4, scale: 1e-2), "\(k) \(t)")
      }
    }
    #expect(AsymmetricSquare.value(0, 0.7) == 0.7 * 0.7)
    #expect(AsymmetricSquare.value(2, 1) > 2 * AsymmetricSquare.value(2, -1))
    let bottom = try #require(AsymmetricSquare.stationary(1.5, slope: -0.8, curvature: 1))
    let value = { (t: Double) in -0.8 * t + AsymmetricSquare.value(1.5, t) }
    #expect(value(bottom) < value(bottom - 0.01) && value(bottom) < value(bottom + 0.01))
  }

  private func study(_ design: SyntheticStudy, seed: UInt64 = 5) throws -> (StudyCells, SurfaceFit) {
    let cells = try StudyCells(design.table(seed: seed), design.options)
    return (cells, try SurfaceFit(cells.cells[0], frame: cells.frame))
  }

  @Test("Without noise the surface follows a law it was not made of, and its ridge is the law's to a tenth")
  func followsLaws() throws {
    var design = SyntheticStudy.designs[1]
    design.noise = 0
    let (cells, fit) = try study(design)
    for item in cells.cells[0].items where item.weight > 0.8 {
      #expect(abs(fit.loss.value(item) - item.loss) < 0.006, "\(item)")
    }
    let search = BoxSearch(frame: cells.frame, objective: cells.objective)
    for ratio in [0.2, 0.35, 0.5] {
      let found = search.find(.newLoss, [.surface(fit.loss), .surface(fit.loss)], ratios: ratio...ratio)
      #expect(abs(found.logRate - design.ridgeStart - design.ridgeSlope * ratio) < 0.12, "\(ratio): \(found)")
    }
  }

  @Test("One spoiled cell moves the basin little, and is seen")
  func outlier() throws {
    let design = SyntheticStudy.designs[2]
    var table = design.table(seed: 8)
    let clean = try SurfaceFit(
      StudyCells(table, design.options).cells[0], frame: StudyCells(table, design.options).frame)
    table.cells[13].losses[0]! += 0.15
    let cells = try StudyCells(table, design.options)
    let spoiled = try SurfaceFit(cells.cells[0], frame: cells.frame)
    #expect(spoiled.weights[13] < 0.5 * cells.cells[0].items[13].weight, "\(spoiled.weights[13])")
    for item in cells.cells[0].items { #expect(abs(spoiled.loss.value(item) - clean.loss.value(item)) < 0.04) }
  }

  @Test("A cell stopped early bounds: a loose bound changes nothing, a tight one pulls the surface down to it")
  func bounds() throws {
    let design = SyntheticStudy.designs[1]
    let full = design.table(seed: 3)
    func fitted(_ offset: Double?) throws -> (SurfaceFit, FitCells.Item) {
      var table = full
      if let offset {
        table.cells[12].status = .earlyStopped
        table.cells[12].losses[0]! += offset
      } else {
        table.cells.remove(at: 12)
      }
      let cells = try StudyCells(table, design.options)
      let fit = try SurfaceFit(cells.cells[0], frame: cells.frame)
      let all = try StudyCells(full, design.options)
      return (fit, all.cells[0].items[12])
    }
    let (without, item) = try fitted(nil)
    let (loose, _) = try fitted(0.3)
    let (tight, _) = try fitted(-0.3)
    #expect(loose.loss == without.loss && loose.weights[12] == 0)
    #expect(tight.loss.value(item) < without.loss.value(item) - 1e-4 && tight.weights[12] > 0)
  }

  @Test("Few rates or ratios give fewer terms, and too few cells are refused by name")
  func terms() {
    #expect(SurfaceTerms(ratios: 4, rates: 2, settings: 8).places == [0, 1, 3, 4, 6])
    #expect(SurfaceTerms(ratios: 2, rates: 1, settings: 4).places == [0, 3])
    #expect(SurfaceTerms(ratios: 3, rates: 3, settings: 9).leastSettings == 8)
    let design = SyntheticStudy(name: "", ratios: [0.1, 0.3, 0.5], rates: [1e-4, 2e-4, 4e-4])
    var table = design.table(seed: 1)
    table.cells.removeLast(2)
    do {
      _ = try StudyAnswer(cells: table, options: design.options)
      Issue.record("answered")
    } catch {
      let sentence = error.description
      for part in ["response surface of zh", "found 7 cells", "at least 8", "admix study plan"] {
        #expect(sentence.contains(part), "\(sentence)")
      }
    }
  }
}

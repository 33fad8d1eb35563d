public import JobKit
public import Pricing

extension SweepJob {
  /// The work of each cell that a job file asks for. Throws `SpecError` as `CPTJob.work`.
  public func work(_ mapping: SpecMapping, context: PricingContext) throws -> SweepWork {
    let sweep = try SweepSpecification.read(mapping).specification
    var whole = SweepWork(
      cells: try sweep.plannedSteps.map { cell, steps in
        var work = try CPTJob().work(cell.training, context)
        work.steps = steps
        return work
      }, threadsPerCell: sweep.threadsPerCell)
    whole.hoursAllowed = sweep.budget?.hours
    return whole
  }
}

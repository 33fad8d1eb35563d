public import JobKit
public import Pricing

extension SweepJob {
  /// The work of each cell that a job file asks for. Throws `SpecError` as `CPTJob.work`.
  public func work(_ mapping: SpecMapping, context: PricingContext) throws -> SweepWork {
    let sweep = try SweepSpecification.read(mapping).specification
    return SweepWork(
      cells: try sweep.cells.map { try CPTJob().work($0.training, context) }, threadsPerCell: sweep.threadsPerCell)
  }
}

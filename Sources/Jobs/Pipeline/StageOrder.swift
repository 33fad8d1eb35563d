public import JobKit

extension Pipeline {
  /// The stages of a pipeline's job file, each after what it needs, for whoever reads them without planning them.
  /// - Throws: `SpecError` for stages that cannot be: doubled, unknown or circular ones.
  public func stagesInOrder(_ specification: SpecMapping) throws -> [(name: String, specification: SpecMapping)] {
    let own = SpecMapping(
      entries: specification.entries.filter { $0.key == "stages" }, path: specification.path,
      position: specification.position)
    let (stages, _) = try SpecReader.read(own) { reader in
      let stages = try inOrder(try withReferences(try writtenStages(reader)))
      reader.record("stages", .sequence([]))
      return stages
    }
    return stages.map { ($0.name, $0.specification) }
  }
}

import JobKit
import WireProtocol

/// A job type of the tests' own, with a key of every kind.
struct PaintJob: JobType {
  enum Finish: String, CaseIterable {
    case matt
    case satin
    case gloss
  }

  var name: String { "paint" }
  var version: UInt32 { 3 }
  var values: [StageValue] { [StageValue("thinner", .ratio), StageValue("tint.speed", .learningRate)] }

  func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let (read, resolved) = try SpecReader.read(specification) { reader in
      let header = try reader.header(of: name)
      let wall = try reader.required("wall", .path)
      let colours = try reader.list("colours", of: .path, count: 0...8, default: [])
      let coats = try reader.value("coats", .integer(1...1000), default: 2)
      let litres = try reader.optional("litres", .count)
      let thinner = try reader.mappingOrEmpty("recipe", example: "thinner: 0.1") { recipe in
        let thinner = try recipe.value("thinner", .referable(.ratio), default: .value(0.1))
        _ = try recipe.value("speed", .number(above: 0, through: 10), default: 1)
        _ = try recipe.list("bounds", of: .number(from: 0, below: 1), count: 2...2, default: [0.5, 0.75])
        _ = try recipe.value("finish", .oneOf(Finish.self), default: .matt)
        _ = try recipe.value("varnish", .boolean, default: false)
        return thinner
      }
      let shares = try reader.dictionary("shares", of: .ratio, example: "red: 0.5, blue: 0.5")
      _ = try reader.mappings("rooms", count: 0...4, example: "name: hall") { room in
        try room.required("name", .name)
      }
      if let shares, litres == nil {
        throw reader.refusal("shares", "\(shares.count) shares of no litres", remedy: "Add `litres: 10`")
      }
      return (header: header, wall: wall, colours: colours, coats: coats, thinner: thinner)
    }
    var inputs = [try context.input(named: "wall", path: read.wall, kind: .directory)]
    for (index, colour) in read.colours.enumerated() {
      inputs.append(try context.input(named: "colour-\(index)", path: colour, kind: .file))
    }
    var references = inputs.map(\.reference)
    if case .reference(let scalar) = read.thinner {
      references.append(try context.value(scalar, kind: .ratio).reference)
    }
    context.resolved(resolved)
    return JobPlan(
      jobType: name, pluginVersion: version, name: read.header.name,
      phases: [
        PhasePlan(
          name: "brush",
          work: .sharded([
            ShardPlan(name: "coat", payload: Array("\(read.coats)".utf8), inputs: references)
          ]))
      ],
      outputs: ["picture", "wall", StageValue.tree], notes: ["\(read.coats) coats"])
  }

  func runShard(_ context: ShardContext) throws -> ShardResult { ShardResult(outputs: []) }

  func makeMember(_ context: MemberContext) throws -> any SteppedMember {
    throw SpecError(position: nil, path: "", problem: "a wall is painted shard by shard", remedy: "")
  }
}

import Crypto
import Synchronization

/// A source's examples and the rows they are packed into. What row number `d` of a source holds is a pure function of
/// (seed, source, examples, row length): a pass goes through all examples in the order of a keyed permutation, and a
/// row takes the next ones as long as they fit whole. A row is as long as what is in it: nothing is padded.
public final class ExampleSource: Sendable {
  public struct Place: Hashable, Sendable {
    public var shard: Int
    public var example: Int
    public init(shard: Int, example: Int) {
      self.shard = shard
      self.example = example
    }
  }

  public let name: String
  public let shards: [ConversationShard]
  /// Those that training sees, in order of shards.
  public let examples: [Place]
  /// Input positions of an example's first sequence: its tokens but the last, which predicts nothing.
  private let lengths: [Int32]
  private let rowLength: Int
  private let packs: Bool
  private let seed: UInt64
  private let passes: Mutex<Passes>

  private struct Passes {
    /// Rows before each pass, as far as it is known.
    var rowsBefore: [Int] = [0]
    /// The pass that was asked for last: places in its order at which rows begin, and its end.
    var current: (pass: Int, starts: [Int])?
  }

  /// - Parameters:
  ///   - heldOut: examples that are not trained on.
  ///   - rowLength: T, input positions of a row; every example fits into one.
  ///   - packs: whether a row takes several examples.
  /// - Throws: `CorpusError` when nothing is left, or an example is longer than a row.
  public init(
    name: String, shards: [ConversationShard], heldOut: HeldOutExamples?, rowLength: Int, packs: Bool, seed: UInt64
  ) throws {
    self.name = name
    self.shards = shards
    self.rowLength = rowLength
    self.packs = packs
    self.seed = seed
    var examples: [Place] = []
    var lengths: [Int32] = []
    for (number, shard) in shards.enumerated() {
      for example in 0..<shard.exampleCount where heldOut?.contains(shard.hash(example: example)) != true {
        let counts = (0..<shard.sequencesPerExample).map { shard.tokenCount(example: example, sequence: $0) }
        let longest = counts.max() ?? 0
        guard longest - 1 <= rowLength else {
          throw CorpusError(
            .mismatch, "example \(example) has \(longest) tokens, a row \(rowLength); prepare the conversations again",
            file: shard.path)
        }
        examples.append(Place(shard: number, example: example))
        lengths.append(Int32(shard.tokenCount(example: example) - 1))
      }
    }
    guard !examples.isEmpty else {
      throw CorpusError(.tooSmall, "source \(name) has no example left to train on; add rows or hold out less")
    }
    self.examples = examples
    self.lengths = lengths
    passes = Mutex(Passes())
  }

  /// Places of row `row` of the source, counted over all passes from 0.
  public func places(ofRow row: Int) -> [Place] {
    passes.withLock { passes in
      var pass = passes.rowsBefore.lastIndex { $0 <= row } ?? 0
      while pass + 1 >= passes.rowsBefore.count {
        let starts = rowStarts(pass: pass)
        passes.rowsBefore.append(passes.rowsBefore[pass] + starts.count - 1)
        passes.current = (pass, starts)
        if row >= passes.rowsBefore[pass + 1] { pass += 1 }
      }
      if passes.current?.pass != pass { passes.current = (pass, rowStarts(pass: pass)) }
      guard let starts = passes.current?.starts else { return [] }
      let order = order(pass: pass)
      let index = row - passes.rowsBefore[pass]
      return (starts[index]..<starts[index + 1]).map { examples[order($0)] }
    }
  }

  /// Passes that `rows` rows go through.
  public func passes(rows: Int) -> Double {
    guard rows > 0 else { return 0 }
    _ = places(ofRow: rows - 1)
    return passes.withLock { passes in
      let pass = passes.rowsBefore.lastIndex { $0 <= rows - 1 } ?? 0
      let size = passes.rowsBefore[pass + 1] - passes.rowsBefore[pass]
      return Double(pass) + Double(rows - passes.rowsBefore[pass]) / Double(size)
    }
  }

  private func order(pass: Int) -> KeyedPermutation {
    KeyedPermutation(count: examples.count, key: rowOrderKey(seed: seed, source: name, pass: pass))
  }

  private func rowStarts(pass: Int) -> [Int] {
    guard packs else { return Array(0...examples.count) }
    let order = order(pass: pass)
    var starts = [0]
    var filled = 0
    for place in examples.indices {
      let length = Int(lengths[order(place)])
      if filled > 0, filled + length > rowLength {
        starts.append(place)
        filled = 0
      }
      filled += length
    }
    starts.append(examples.count)
    return starts
  }
}

/// Which examples are held out: those whose keyed hash is small. Copies of one share its hash, so that none of them is
/// trained on. A function of the examples and the seed, never of their order.
public struct HeldOutExamples: Hashable, Sendable, Codable {
  public let seed: UInt64
  /// The largest keyed hash that is held out, lower-case hexadecimal.
  public let threshold: String

  public init(seed: UInt64, threshold: String) {
    self.seed = seed
    self.threshold = threshold
  }

  /// Holds out `round(fraction · n)` of the n distinct examples, at least one.
  /// - Throws: `CorpusError` when there is only one.
  public init(_ shards: [ConversationShard], fraction: Double, seed: UInt64, source: String) throws {
    var keys: Set<String> = []
    for shard in shards {
      for example in 0..<shard.exampleCount { keys.insert(Self.key(shard.hash(example: example), seed)) }
    }
    guard keys.count > 1 else {
      throw CorpusError(
        .tooSmall, "source \(source) has \(keys.count) distinct examples; none can be held out from so few")
    }
    let count = min(keys.count - 1, max(1, Int((fraction * Double(keys.count)).rounded())))
    self.init(seed: seed, threshold: keys.sorted()[count - 1])
  }

  public func contains(_ hash: [UInt8]) -> Bool { Self.key(hash, seed) <= threshold }

  private static func key(_ hash: [UInt8], _ seed: UInt64) -> String {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(seed)
    return hexadecimal(SHA256.hash(data: bytes + hash))
  }
}

/// Every limit of the wire, each with its reason. A decoder compares with these before it asks for memory.
public enum WireLimits {
  // MARK: Frames

  /// Before HELLO was answered anyone may be talking: a frame then costs us no more than a page.
  public static let handshakeBodyBytes = 4 * 1024

  /// Control frames are plans, reports and questions. The largest (a PLAN with 256 participants and its chunk
  /// owners) is about 40 KiB; 256 KiB at 1 Gbit/s still passes in 2 ms, so a heartbeat never waits long behind one.
  public static let controlBodyBytes = 256 * 1024

  /// A chunk of 262,144 parameters in fp32 is 1 MiB, and so is the longest piece of an artifact.
  public static let chunkBytes = 1024 * 1024

  /// A bulk body is a chunk and at most 4 KiB that describe it.
  public static let bulkBodyBytes = chunkBytes + 4 * 1024

  /// An encoded chunk that did not shrink: its values and the directory of its planes, half of the 4 KiB.
  public static let encodedChunkBytes = chunkBytes + 2 * 1024

  /// lz4 cannot expand by more than 255 per input byte; 64 covers the last literals. A frame that claims more lies.
  public static let lz4ExpansionPerByte = 255
  public static let lz4ExpansionConstant = 64

  /// Bodies below this are never compressed: the header alone is 48 bytes, and heartbeats must stay cheap.
  public static let lz4MinimumBodyBytes = 512

  // MARK: Values inside a body

  /// A pipeline's plan nests seven deep (phases, stages, plan, phases, shards, inputs, files) and a pipeline of
  /// pipelines ten. Sixteen leaves room, and bounds the stack of a decoder that calls itself.
  public static let nestingDepth = 16

  /// Elements in one list, unless the field says less: 65,536 chunk owners are a model of 17 billion parameters.
  public static let listElements = 65_536

  /// Elements in all lists of one message together, so that nested lists cannot multiply.
  public static let cumulativeElements = 262_144

  /// Names, addresses, labels, versions.
  public static let nameBytes = 256

  /// A sentence for people: a refusal, a reason, an error with its way out.
  public static let sentenceBytes = 4 * 1024

  /// File paths, as Linux has it (PATH_MAX).
  public static let pathBytes = 4 * 1024

  /// A process's last lines of standard error: the end of a long trap message, not its whole log.
  public static let linesBytes = 32 * 1024

  /// A document carried whole (a job's YAML, a plan, a result). A quarter of a control frame below its limit, so
  /// that what describes it fits as well.
  public static let documentBytes = 192 * 1024

  /// Optional trailing fields of one message. Nobody has needed more than three.
  public static let extensionCount = 64

  // MARK: Flow

  /// A bulk connection's receiver opens with this much credit: four chunks, enough to fill 1 Gbit/s at 30 ms.
  public static let initialCreditBytes = 4 * bulkBodyBytes

  /// A receiver can never have granted more than this ahead of what it consumed; more is a broken peer.
  public static let creditBytesOutstanding = 256 * 1024 * 1024

  /// Bulk bytes that a sender queues beyond its credit before `send` refuses: sixteen chunks a connection.
  public static let bulkQueueBytes = 16 * bulkBodyBytes

  /// Control bytes that a sender queues for a peer that does not read. A peer this far behind is dead or stuck, and
  /// the connection is closed rather than the memory spent.
  public static let controlQueueBytes = 8 * 1024 * 1024
}

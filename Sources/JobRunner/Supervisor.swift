import Transport
import WireProtocol

/// The worker at the other end of the socketpair, and through it the coordinator. Belongs to the loop's thread.
final class Supervisor {
  let connection: Connection
  private(set) var assignment = AssignmentID(0)
  private(set) var generation: UInt64 = 0
  private(set) var isFenced = false
  /// What was to be said while fenced.
  private var held: [Frame] = []
  /// Answers to PUBLISH that are awaited.
  private var publishing: [UInt64: (Published) -> Void] = [:]
  private var nextRequest: UInt64 = 1

  /// More than a runner has to say in one fence; what is lost beyond it the coordinator asks for again.
  private static let heldLimit = 256

  init(connection: Connection) { self.connection = connection }

  func begin(_ assignment: AssignmentID, generation: UInt64) {
    self.assignment = assignment
    self.generation = generation
  }

  /// To the coordinator (or, for PUBLISH, to the worker).
  func say<Message: WireMessage>(_ message: Message) {
    do throws(WireError) {
      let frame = try Frame(
        fitting: message, stream: assignment.number, generation: generation, bodyChecksum: false)
      if isFenced, Message.type != .publish { return hold(frame) }
      send(frame)
    } catch {
      // Only words of users and plugins can be too long; a shorter one says so.
      guard Message.type != .failed else { return }
      say(Failed(message: "the job's \(Message.type) does not fit its frame: \(error)"))
    }
  }

  private func hold(_ frame: Frame) {
    guard frame.type != .progress else { return }
    if held.count == Self.heldLimit { held.removeFirst() }
    held.append(frame)
  }

  /// A closed connection ends the runner anyway.
  private func send(_ frame: Frame) { try? connection.send(frame) }

  func fence() { isFenced = true }

  func unfence(generation: UInt64) {
    isFenced = false
    self.generation = generation
    let frames = held
    held = []
    for var frame in frames {
      frame.header.generation = generation
      send(frame)
    }
  }

  func log(_ text: String) { say(LogLine(text: text)) }

  // MARK: Publishing

  /// Items of one PUBLISH: a control frame must hold them with their paths.
  private static let itemsPerRequest = 24

  /// Uploads a tree, some files at a time; `completion` gets the tree, or why there is none.
  func publish(
    tree name: String, _ items: [Publish.Item], found: [FileReference] = [],
    completion: @escaping (NamedTree, _ failure: String?) -> Void
  ) {
    guard !items.isEmpty else { return completion(NamedTree(name: name, files: found), nil) }
    let request = nextRequest
    nextRequest += 1
    publishing[request] = { answer in
      if let failure = answer.failure { return completion(NamedTree(name: name, files: []), failure) }
      self.publish(
        tree: name, Array(items.dropFirst(Self.itemsPerRequest)), found: found + answer.files, completion: completion)
    }
    say(Publish(request: request, items: Array(items.prefix(Self.itemsPerRequest))))
  }

  func published(_ answer: Published) { publishing.removeValue(forKey: answer.request)?(answer) }
}

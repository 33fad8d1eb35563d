internal import CoordinatorCore
internal import Transport
internal import WireProtocol

/// What clients have asked and was not looked at yet. One request is taken in each turn of the loop, from one client
/// after another: however much they ask, a heartbeat waits behind one request, not behind all of them.
final class ClientRequests {
  private let loop: EventLoop
  private let handle: (Frame, ConnectionID) -> Void
  private var waiting: [ConnectionID: (connection: Connection, frames: [Frame], isPaused: Bool)] = [:]
  private var turns: [ConnectionID] = []
  private var isScheduled = false

  /// Requests of one client that wait here; with more it is not read until half of them are done.
  private static let waitingCountMax = 32

  init(loop: EventLoop, handle: @escaping (Frame, ConnectionID) -> Void) {
    self.loop = loop
    self.handle = handle
  }

  func add(_ frame: Frame, _ id: ConnectionID, _ connection: Connection) {
    if waiting[id] == nil {
      waiting[id] = (connection, [], false)
      turns.append(id)
    }
    waiting[id]?.frames.append(frame)
    if let entry = waiting[id], entry.frames.count >= Self.waitingCountMax, !entry.isPaused {
      waiting[id]?.isPaused = true
      connection.pauseReading()
    }
    schedule()
  }

  func remove(_ id: ConnectionID) {
    guard waiting.removeValue(forKey: id) != nil else { return }
    turns.removeAll { $0 == id }
  }

  private func schedule() {
    guard !isScheduled, !turns.isEmpty else { return }
    isScheduled = true
    // In the loop's next turn: after all sockets that are readable now were read. A timer of zero would not do; before
    // libuv 1.45 one that is set by a timer runs in the same turn.
    let bound = LoopBound(self, loop: loop)
    loop.execute {
      bound.value.isScheduled = false
      bound.value.takeOne()
      bound.value.schedule()
    }
  }

  private func takeOne() {
    guard !turns.isEmpty else { return }
    let id = turns.removeFirst()
    guard var entry = waiting[id], !entry.frames.isEmpty else { return }
    let frame = entry.frames.removeFirst()
    if entry.isPaused && entry.frames.count <= Self.waitingCountMax / 2 {
      entry.isPaused = false
      entry.connection.resumeReading()
    }
    let isDone = entry.frames.isEmpty && !entry.isPaused
    waiting[id] = isDone ? nil : entry
    if !isDone { turns.append(id) }
    handle(frame, id)
  }
}

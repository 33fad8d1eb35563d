import Hummingbird
import NIOCore
import Synchronization

/// Notices that the client of a connection has gone, while nobody reads from it: whoever computes for it is told, and
/// not only whoever writes to it. Hummingbird's own way of watching takes the connection, which ends with the answer,
/// and wants the body unread.
final class ClientPresence: ChannelInboundHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = Any

  private struct State {
    var isGone = false
    var action: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Calls `action` once when the client goes, at once if it has gone. Nil takes the last one back.
  func whenGone(_ action: (@Sendable () -> Void)?) {
    let isGone = state.withLock { state in
      state.action = action
      return state.isGone
    }
    if isGone { action?() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A client that has said its last word could still listen; those of HTTP do not.
    if case .inputClosed? = event as? ChannelEvent { leave() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  private func leave() {
    let action = state.withLock { state in
      state.isGone = true
      defer { state.action = nil }
      return state.action
    }
    action?()
  }
}

/// A request with its connection.
struct ConnectedContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  private let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// The handler that every connection is given.
  func client() async throws -> ClientPresence {
    try await channel.pipeline.handler(type: ClientPresence.self).get()
  }
}

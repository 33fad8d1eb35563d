/// The two ends of a connection: who opened it (and said HELLO), and who accepted it.
public enum ConnectionSide: Sendable, Hashable, CaseIterable {
  case opener, acceptor
}

/// One way that a message may travel: on connections of this role, to this side.
public struct MessageRoute: Sendable, Hashable {
  public var link: Role
  public var to: ConnectionSide
}

extension Role {
  /// Whether frames on this link wait for credits. Control links carry reports; bulk ones carry megabytes.
  public var isFlowControlled: Bool { self == .bulk || self == .peer }
}

extension MessageType {
  public var sizeClass: SizeClass {
    switch self {
    case .hello, .welcome, .refusal: .handshake
    case .node, .root, .stateChunk, .artifactChunk: .bulk
    default: .control
    }
  }

  /// The ways this type may travel once a connection is established; none for the handshake's own. Together with the
  /// numbers above this is `SPEC.md`'s message table.
  public var routes: Set<MessageRoute> {
    switch self {
    case .hello, .welcome, .refusal: []
    case .goodbye: Set(Role.allCases.flatMap { MessageType.eitherWay($0) })
    case .credit: Set(Role.allCases.filter(\.isFlowControlled).flatMap { MessageType.eitherWay($0) })

    case .heartbeat, .inventory, .runnerExited: [MessageRoute(link: .worker, to: .acceptor)]
    case .heartbeatAcknowledged, .assign, .revoke: [MessageRoute(link: .worker, to: .opener)]

    case .begin, .fence, .unfence, .published: [MessageRoute(link: .runner, to: .opener)]
    case .publish: [MessageRoute(link: .runner, to: .acceptor)]

    // The worker passes these on: coordinator → worker → runner and back, by stream_id.
    case .reportState, .plan, .commit, .evaluate, .copyState, .hashState, .saveCheckpoint, .finish, .leave:
      MessageType.relayed(to: .opener)
    case .runnerState, .prepared, .stepAborted, .peerUnreachable, .applied, .evaluated, .stateHashed,
      .checkpointSaved, .completed, .failed, .progress, .logLine:
      MessageType.relayed(to: .acceptor)

    case .node, .root, .stateRequest, .stateChunk: Set(MessageType.eitherWay(.peer))

    case .getArtifact, .putArtifact: [MessageRoute(link: .bulk, to: .acceptor)]
    case .artifactOffset, .artifactStored: [MessageRoute(link: .bulk, to: .opener)]
    case .artifactChunk, .artifactFailed: Set(MessageType.eitherWay(.bulk))

    case .findMissing, .submit, .controlJob, .queryStatus, .queryJob, .queryMetrics, .queryEvents:
      [MessageRoute(link: .client, to: .acceptor)]
    case .missing, .submitted, .requestFailed, .acknowledged, .clusterStatus, .jobDetail, .metricRows, .jobEvents:
      [MessageRoute(link: .client, to: .opener)]
    }
  }

  /// Whether this type may arrive at `side` of a connection that was opened as `link`.
  public func mayArrive(at side: ConnectionSide, of link: Role) -> Bool {
    routes.contains(MessageRoute(link: link, to: side))
  }

  private static func eitherWay(_ link: Role) -> [MessageRoute] {
    ConnectionSide.allCases.map { MessageRoute(link: link, to: $0) }
  }

  private static func relayed(to side: ConnectionSide) -> Set<MessageRoute> {
    [MessageRoute(link: .worker, to: side), MessageRoute(link: .runner, to: side)]
  }
}

/// Every message's number. Numbers are never reused; the high byte groups them.
public enum MessageType: UInt16, Sendable, Hashable, CaseIterable {
  // 0x00: any connection.
  case hello = 0x0001
  case welcome = 0x0002
  case refusal = 0x0003
  case goodbye = 0x0004
  case credit = 0x0005

  // 0x01: a worker and its coordinator.
  case heartbeat = 0x0101
  case heartbeatAcknowledged = 0x0102
  case inventory = 0x0103
  case assign = 0x0104
  case revoke = 0x0105
  case runnerExited = 0x0106

  // 0x02: a runner and its worker.
  case begin = 0x0201
  case fence = 0x0202
  case unfence = 0x0203
  case publish = 0x0204
  case published = 0x0205

  // 0x03: a runner and the coordinator, through the worker.
  case reportState = 0x0301
  case runnerState = 0x0302
  case plan = 0x0303
  case prepared = 0x0304
  case stepAborted = 0x0305
  case peerUnreachable = 0x0306
  case commit = 0x0307
  case applied = 0x0308
  case evaluate = 0x0309
  case evaluated = 0x030A
  case copyState = 0x030B
  case hashState = 0x030C
  case stateHashed = 0x030D
  case saveCheckpoint = 0x030E
  case checkpointSaved = 0x030F
  case finish = 0x0310
  case leave = 0x0311
  case completed = 0x0312
  case failed = 0x0313
  case progress = 0x0314
  case logLine = 0x0315

  // 0x04: two runners.
  case node = 0x0401
  case root = 0x0402
  case stateRequest = 0x0403
  case stateChunk = 0x0404

  // 0x05: artifacts.
  case getArtifact = 0x0501
  case putArtifact = 0x0502
  case artifactOffset = 0x0503
  case artifactChunk = 0x0504
  case artifactStored = 0x0505
  case artifactFailed = 0x0506

  // 0x06: a client and the coordinator.
  case findMissing = 0x0601
  case missing = 0x0602
  case submit = 0x0603
  case submitted = 0x0604
  case requestFailed = 0x0605
  case controlJob = 0x0606
  case acknowledged = 0x0607
  case queryStatus = 0x0608
  case clusterStatus = 0x0609
  case queryJob = 0x060A
  case jobDetail = 0x060B
  case queryMetrics = 0x060C
  case metricRows = 0x060D
  case queryEvents = 0x060E
  case jobEvents = 0x060F
}

/// How large a type's body may be.
public enum SizeClass: Sendable, Hashable, CaseIterable {
  case handshake, control, bulk

  /// The limit of both body_len and raw_len.
  public var bodyBytes: Int {
    switch self {
    case .handshake: WireLimits.handshakeBodyBytes
    case .control: WireLimits.controlBodyBytes
    case .bulk: WireLimits.bulkBodyBytes
    }
  }
}

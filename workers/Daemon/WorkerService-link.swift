internal import Transport
internal import WireProtocol
internal import WorkerCore

/// The control connection to the coordinator.
extension WorkerService {
  /// How long an attempt may take, WELCOME included.
  private static let connectTimeout = Duration.seconds(5)

  func connect(_ link: LinkID) {
    Connection.connect(to: endpoint, loop: loop, timeout: Self.connectTimeout) { [self] result in
      switch result {
      case .failure(let error): failed(link, "\(error)")
      case .success(let connection):
        localHost = connection.local?.host ?? localHost
        connection.sayHello(hello, patience: Self.connectTimeout) { [self] answer in
          answered(link, connection, answer)
        }
      }
    }
  }

  private var hello: Hello {
    var hello = Hello(
      wireVersionLow: WireVersion.oldestSpoken, wireVersionHigh: WireVersion.current, role: .worker, cluster: cluster,
      node: node, boot: boot, build: options.build, numericsVersion: options.numericsVersion, plugins: options.plugins,
      worker: WorkerDescription(
        name: options.name, advertisedHost: advertisedHost, isa: options.isa, threads: options.threads,
        memoryBytes: options.memoryBytes, processID: ProcessMemory.processID))
    hello.shortcomings = options.shortcomings
    return hello
  }

  private func answered(_ link: LinkID, _ connection: Connection, _ answer: Result<Welcome, TransportError>) {
    switch answer {
    case .success(let welcome):
      guard !abandonedLinks.contains(link) else {
        connection.close("no longer wanted")
        return failed(link, "given up")
      }
      links[link] = connection
      cluster = welcome.cluster
      connection.onFrame = { [self] frame in receive(frame, link) }
      connection.onClose = { [self] reason in
        links[link] = nil
        take(.disconnected(link, reason: "\(reason)"))
        finishIfIdle()
      }
      take(.welcomed(link, welcome))
    case .failure(.closed(let reason)):
      if case .handshake(.refused(let refusal)) = reason.cause, !abandonedLinks.contains(link) {
        take(.refused(link, refusal))
      } else {
        failed(link, "\(reason)")
      }
    case .failure(let error): failed(link, "\(error)")
    }
  }

  private func failed(_ link: LinkID, _ reason: String) {
    abandonedLinks.remove(link)
    take(.disconnected(link, reason: reason))
  }

  private func receive(_ frame: Frame, _ link: LinkID) {
    do throws(WireError) {
      switch frame.type {
      case .heartbeatAcknowledged: take(.coordinatorSaid(link, .heartbeatAcknowledged(try frame.decode())))
      case .assign: take(.coordinatorSaid(link, .assign(try frame.decode())))
      case .revoke: take(.coordinatorSaid(link, .revoke(try frame.decode())))
      default: take(.frameForRunner(link, AssignmentID(frame.header.stream), frame))
      }
    } catch {
      log("the coordinator sent what is not understood: \(error)")
      links[link]?.close("\(error)")
    }
  }
}

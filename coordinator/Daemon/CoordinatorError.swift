public import StateFiles
public import Transport

/// Why a coordinator did not start, or had to stop. `description` is a sentence with the way out.
public enum CoordinatorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The address is not of this host alone, and nobody said that this is wanted.
  case openNetwork(Endpoint)
  /// `.addressInUse` among others.
  case cannotListen(TransportError)
  case journal(JournalError)
  case store(StoreError)

  public var description: String {
    switch self {
    case .openNetwork(let endpoint):
      "--listen \(endpoint): others than this host could connect, and keys that tell who may join come in a later "
        + "release. Listen on 127.0.0.1:\(endpoint.port ?? 7450) or unix:PATH, or give --insecure-network on a network "
        + "that you trust"
    case .cannotListen(let error): "\(error)"
    case .journal(let error): "\(error)"
    case .store(let error): "\(error)"
    }
  }
}

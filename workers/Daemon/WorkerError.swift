public import StateFiles
public import Transport

/// Why a worker did not start. `description` is a sentence with the way out.
public enum WorkerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Its cache directory cannot be used; `.locked` when another worker has it.
  case cache(StoreError)
  case address(TransportError)
  case system(TransportError)

  public var description: String {
    switch self {
    case .cache(let error): "\(error)"
    case .address(let error): "--coordinator: \(error)"
    case .system(let error): "\(error)"
    }
  }
}

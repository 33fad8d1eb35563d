import CLibUV
import Glibc

/// A resolved address, as the kernel takes it.
struct SocketAddress: Sendable {
  var storage = sockaddr_storage()

  /// From digits only; `nil` for a name.
  init?(numericHost host: String, port: UInt16) {
    let four = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { uv_ip4_addr(host, CInt(port), $0) }
    }
    if four == 0 { return }
    let six = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { uv_ip6_addr(host, CInt(port), $0) }
    }
    guard six == 0 else { return nil }
  }

  init(copying address: UnsafePointer<sockaddr>, length: Int) {
    withUnsafeMutableBytes(of: &storage) { bytes in
      bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: address, count: min(length, MemoryLayout<sockaddr_storage>.size)))
    }
  }

  init(_ storage: sockaddr_storage) { self.storage = storage }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
    }
  }

  /// `nil` for a family that is neither IPv4 nor IPv6.
  var endpoint: Endpoint? {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN) + 1)
    let capacity = text.count
    switch CInt(storage.ss_family) {
    case AF_INET:
      return withUnsafePointer(to: storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
          guard uv_ip4_name(address, &text, capacity) == 0 else { return nil }
          return .tcp(host: string(text), port: UInt16(bigEndian: address.pointee.sin_port))
        }
      }
    case AF_INET6:
      return withUnsafePointer(to: storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
          guard uv_ip6_name(address, &text, capacity) == 0 else { return nil }
          return .tcp(host: string(text), port: UInt16(bigEndian: address.pointee.sin6_port))
        }
      }
    default:
      return nil
    }
  }

  private func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

import CLinux
import Glibc

/// Two connected Unix stream sockets: one end for this process, one for a child. Both close on exec; the child's
/// survives because `ChildProcess` copies it to the number that the child expects.
public struct SocketPair: Sendable {
  public let ours: CInt
  public let theirs: CInt

  public static func make() throws(TransportError) -> SocketPair {
    var descriptors: [CInt] = [-1, -1]
    let status = admix_socket_pair(&descriptors)
    guard status == 0 else { throw .system(call: "socketpair", reason: String(cString: strerror(errno))) }
    return SocketPair(ours: descriptors[0], theirs: descriptors[1])
  }

  /// Call after the child was started: while this process holds the child's end too, it never sees the end of file.
  public func closeTheirs() { _ = close(theirs) }

  public func closeOurs() { _ = close(ours) }
}

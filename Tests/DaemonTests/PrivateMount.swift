import Foundation
import Synchronization

/// Runs a body on a thread with a mount namespace of its own, in which `path` is a file system of so many bytes;
/// threads the body starts see it, too. Needs root. (A path through /proc, as `SmallFileSystem` has, is no use to
/// SQLite: it resolves links, and lands in our own namespace.)
enum PrivateMount {
  static let isAvailable =
    geteuid() == 0
    && (try? TemporaryDirectory()).map { directory in
      onSmallFileSystem(at: directory.path, byteCount: 65_536) {} != nil
    } == true

  /// nil when the system allows no such namespace.
  static func onSmallFileSystem<Result: Sendable>(
    at path: String, byteCount: Int, _ body: @escaping @Sendable () -> Result
  ) -> Result? {
    let outcome = Mutex<Result?>(nil)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      if mount(at: path, byteCount: byteCount) {
        let result = body()
        outcome.withLock { $0 = result }
      }
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
    done.wait()
    return outcome.withLock { $0 }
  }

  private static func mount(at path: String, byteCount: Int) -> Bool {
    // Glibc's Swift module has neither of them.
    typealias Unshare = @convention(c) (CInt) -> CInt
    typealias Mount =
      @convention(c) (
        UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>, UInt, UnsafeRawPointer?
      ) -> CInt
    guard let unshareSymbol = dlsym(nil, "unshare"), let mountSymbol = dlsym(nil, "mount") else { return false }
    let unshare = unsafeBitCast(unshareSymbol, to: Unshare.self)
    let mount = unsafeBitCast(mountSymbol, to: Mount.self)
    let newMountNamespace: CInt = 0x0002_0000
    let recursivePrivate: UInt = 16384 | 1 << 18
    guard unshare(newMountNamespace) == 0, mount("none", "/", "none", recursivePrivate, nil) == 0 else { return false }
    return "size=\(byteCount)".withCString { mount("tmpfs", path, "tmpfs", 0, $0) } == 0
  }
}

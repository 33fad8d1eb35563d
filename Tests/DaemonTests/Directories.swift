import Foundation
import StateFiles
import WireProtocol

/// A directory of a test's own, removed with the last reference.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = "\(NSTemporaryDirectory())admix-\(UUID().uuidString.prefix(13))".replacingOccurrences(of: "//", with: "/")
    try makeDirectories(path)
  }

  deinit { try? removeTree(path) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// A file system of `byteCount` bytes, in a mount namespace of its own, seen through /proc; nil where the system allows
/// no user namespaces.
final class SmallFileSystem: Sendable {
  let path: String
  private let keeper: Process

  init?(byteCount: Int) {
    let keeper = Process()
    keeper.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    keeper.arguments = [
      "--user", "--map-root-user", "--mount", "/bin/sh", "-c",
      "mount -t tmpfs -o size=\(byteCount) tmpfs /mnt && echo mounted && exec sleep 120",
    ]
    let output = Pipe()
    keeper.standardOutput = output
    keeper.standardError = FileHandle.nullDevice
    guard (try? keeper.run()) != nil else { return nil }
    guard output.fileHandleForReading.availableData.starts(with: Array("mounted".utf8)) else {
      keeper.terminate()
      return nil
    }
    self.keeper = keeper
    path = "/proc/\(keeper.processIdentifier)/root/mnt"
  }

  deinit { keeper.terminate() }

  static let isAvailable = SmallFileSystem(byteCount: 65_536) != nil
}

/// Bytes that do not repeat and do not compress.
func someBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 24)
  }
}

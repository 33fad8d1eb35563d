import Foundation

/// A file system of a few kilobytes at /mnt, seen by one command alone.
enum SmallDisk {
  /// What to put before the command.
  static func command(kilobytes: Int) -> [String] {
    ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=\(kilobytes)k tmpfs /mnt && exec \"$@\"", "sh"]
  }

  /// Whether namespaces are to be had here.
  static let isAvailable: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command(kilobytes: 16) + ["true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}

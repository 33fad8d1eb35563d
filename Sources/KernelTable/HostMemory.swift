import Glibc

/// The memory that this process may use: the host's, or less where a control group (a container, a systemd slice)
/// limits it.
public struct HostMemory: Sendable, Equatable {
  /// In all.
  public var totalBytes: UInt64
  /// Without taking it from others, now: what is free or holds nothing but cached files.
  public var availableBytes: UInt64

  /// The name of the environment variable that lowers both, in bytes.
  public static let environmentVariable = "ADMIX_MEMORY_LIMIT"

  /// - Throws: `HostMemoryError` when ADMIX_MEMORY_LIMIT is no number of bytes.
  public static func now(limit: String? = environment(environmentVariable)) throws(HostMemoryError) -> HostMemory {
    var memory = HostMemory(memoryFile: text(of: "/proc/meminfo"))
    for group in ControlGroup.all(groupFile: text(of: "/proc/self/cgroup")) {
      memory.lower(toLimit: group.limitBytes, used: group.usedBytes)
    }
    if let limit {
      guard let bytes = UInt64(limit), bytes > 0 else { throw HostMemoryError(found: limit) }
      memory.lower(toLimit: bytes, used: 0)
    }
    return memory
  }

  /// From the text of /proc/meminfo (proc_meminfo(5)); a host that does not say has no limit.
  init(memoryFile: String) {
    func bytes(_ field: String) -> UInt64 {
      let line = memoryFile.split(separator: "\n").first { $0.hasPrefix(field + ":") }
      let words = line?.split(separator: " ") ?? []
      guard words.count > 1, let kibibytes = UInt64(words[1]) else { return .max }
      return kibibytes.multipliedReportingOverflow(by: 1024).partialValue
    }
    totalBytes = bytes("MemTotal")
    availableBytes = bytes("MemAvailable")
  }

  mutating func lower(toLimit limit: UInt64, used: UInt64) {
    totalBytes = min(totalBytes, limit)
    availableBytes = min(availableBytes, limit > used ? limit - used : 0)
  }

  public static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// Empty when it cannot be read.
  fileprivate static func text(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
  }
}

/// The memory limits of the groups that this process is in, its own and those above.
/// https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
struct ControlGroup {
  let limitBytes: UInt64
  /// Without cached files that the kernel would drop.
  let usedBytes: UInt64

  static func all(groupFile: String) -> [ControlGroup] {
    groupFile.split(separator: "\n").flatMap { line -> [ControlGroup] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let isVersion2 = fields[0] == "0" && fields[1].isEmpty
      guard isVersion2 || fields[1].split(separator: ",").contains("memory") else { return [] }
      return folders(fields[2], below: isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory")
        .compactMap { ControlGroup(folder: $0, isVersion2: isVersion2) }
    }
  }

  /// The folders from the group's own up to the root. Inside a container the path may be another one's: then only the
  /// root is there.
  static func folders(_ path: Substring, below root: String) -> [String] {
    let names = path.split(separator: "/").filter { $0 != ".." }
    return (0...names.count).reversed().map { ([Substring(root)] + names.prefix($0)).joined(separator: "/") }
  }

  private init?(folder: String, isVersion2: Bool) {
    func number(_ file: String) -> UInt64? { UInt64(Self.word(HostMemory.text(of: folder + "/" + file))) }
    guard let limit = number(isVersion2 ? "memory.max" : "memory.limit_in_bytes") else { return nil }
    limitBytes = limit
    let used = number(isVersion2 ? "memory.current" : "memory.usage_in_bytes") ?? 0
    let cached =
      HostMemory.text(of: folder + "/memory.stat").split(separator: "\n")
      .first { $0.hasPrefix(isVersion2 ? "inactive_file " : "total_inactive_file ") }
      .flatMap { UInt64($0.split(separator: " ").last ?? "") } ?? 0
    usedBytes = used > cached ? used - cached : 0
  }

  private static func word(_ text: String) -> Substring { text.split { $0.isWhitespace }.first ?? "" }
}

/// A limit that is no number.
public struct HostMemoryError: Error, Equatable, CustomStringConvertible {
  public let found: String
  public var description: String {
    "ADMIX_MEMORY_LIMIT is '\(found)'; expected a number of bytes, such as 8000000000. Unset it for the host's memory."
  }
}

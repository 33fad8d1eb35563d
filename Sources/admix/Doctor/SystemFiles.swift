import Foundation

/// What the kernel's text files say of memory and of limits; `root` stands before every path (tests give a folder).
struct SystemFiles {
  var root = ""

  /// A field of /proc/meminfo, in bytes.
  func memory(_ field: String) -> UInt64? {
    for line in text("/proc/meminfo")?.split(separator: "\n") ?? [] where line.hasPrefix("\(field):") {
      let words = line.dropFirst(field.count + 1).split(separator: " ")
      return words.first.flatMap { UInt64($0) }.map { $0 &* 1024 }
    }
    return nil
  }

  /// The tightest memory limit of this process' control groups and what is left of it: file pages that the kernel can
  /// drop count as left. Nil without a limit.
  var groupMemory: (limit: UInt64, left: UInt64)? {
    var tightest: (limit: UInt64, left: UInt64)?
    for group in groups("memory") {
      let isUnified = group.isUnified
      guard let limit = number(group.path + (isUnified ? "/memory.max" : "/memory.limit_in_bytes")),
        let used = number(group.path + (isUnified ? "/memory.current" : "/memory.usage_in_bytes"))
      else { continue }
      // Version 1 says "none" with the largest multiple of a page.
      guard limit < 1 << 60 else { continue }
      let name = isUnified ? "inactive_file" : "total_inactive_file"
      let droppable = field(name, in: group.path + "/memory.stat") ?? 0
      let held = used > droppable ? used - droppable : 0
      let left = limit > held ? limit - held : 0
      if left < tightest?.left ?? .max { tightest = (limit, left) }
    }
    return tightest
  }

  /// How many processors the control groups let this process use at once; nil without a limit.
  var processorQuota: Double? {
    var least: Double?
    for group in groups("cpu") {
      var quota: (Double, Double)?
      if group.isUnified {
        let words = text(group.path + "/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
        if words.count == 2, let time = Double(words[0]), let period = Double(words[1]) { quota = (time, period) }
      } else if let time = text(group.path + "/cpu.cfs_quota_us").flatMap({ Double($0.trimmed) }), time > 0,
        let period = number(group.path + "/cpu.cfs_period_us")
      {
        quota = (time, Double(period))
      }
      if let (time, period) = quota, period > 0 { least = min(least ?? .infinity, time / period) }
    }
    return least
  }

  /// Processes and threads that the control groups still allow; nil without a limit.
  var groupProcessesLeft: UInt64? {
    var least: UInt64?
    for group in groups("pids") {
      guard let limit = number(group.path + "/pids.max"), let now = number(group.path + "/pids.current") else {
        continue
      }
      least = min(least ?? .max, limit > now ? limit - now : 0)
    }
    return least
  }

  /// The folders of this process' groups for `controller`, from its own up to the root of what is mounted. Inside a
  /// container the own path may not be visible; then the mount's root is the group.
  private func groups(_ controller: String) -> [(path: String, isUnified: Bool)] {
    var result: [(path: String, isUnified: Bool)] = []
    for line in text("/proc/self/cgroup")?.split(separator: "\n") ?? [] {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isUnified = parts[1].isEmpty
      guard isUnified || parts[1].split(separator: ",").contains(Substring(controller)) else { continue }
      let mount = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(controller)"
      var path = parts[2] == "/" ? "" : String(parts[2])
      while true {
        result.append((mount + path, isUnified))
        guard let slash = path.lastIndex(of: "/") else { break }
        path = String(path[..<slash])
      }
    }
    return result
  }

  private func field(_ name: String, in path: String) -> UInt64? {
    for line in text(path)?.split(separator: "\n") ?? [] {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == name { return UInt64(words[1]) }
    }
    return nil
  }

  private func number(_ path: String) -> UInt64? { text(path).flatMap { UInt64($0.trimmed) } }

  private func text(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

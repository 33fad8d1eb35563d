internal import Glibc

/// Resident memory of processes, from /proc (proc_pid_statm(5): the second field, in pages).
enum ProcessMemory {
  /// Of this process, and of `roots` with all that descends from them; a process that is gone counts nothing.
  static func residentBytes(ofSelfAnd roots: [Int32]) -> UInt64 {
    var total = residentBytes(of: getpid())
    var pending = roots
    var seen = Set<Int32>()
    while let process = pending.popLast() {
      guard seen.insert(process).inserted else { continue }
      total += residentBytes(of: process)
      pending += children(of: process)
    }
    return total
  }

  static func residentBytes(of process: Int32) -> UInt64 {
    let fields = words(of: "/proc/\(process)/statm")
    guard fields.count > 1, let pages = UInt64(fields[1]) else { return 0 }
    return pages.multipliedReportingOverflow(by: UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))).partialValue
  }

  /// Children forked by the process' first thread; that is where runtimes fork.
  static func children(of process: Int32) -> [Int32] {
    words(of: "/proc/\(process)/task/\(process)/children").compactMap { Int32($0) }
  }

  static var processID: UInt32 { UInt32(clamping: getpid()) }

  /// The host's memory in bytes, for the worker's description.
  static func hostBytes() -> UInt64 {
    let pages = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES))))
    return pages.multipliedReportingOverflow(by: UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))).partialValue
  }

  private static func words(of path: String) -> [Substring] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return [] }
    return String(decoding: buffer[..<count], as: UTF8.self).split { $0 == " " || $0 == "\n" }
  }
}

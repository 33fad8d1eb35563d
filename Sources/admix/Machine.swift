import Foundation
import Glibc

/// What this machine and user give when nothing else was said.
enum Machine {
  /// Processors this process may use.
  static var processorCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    let status = gethostname(&buffer, 255)
    let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return status == 0 && !name.isEmpty ? name : "worker"
  }

  /// `$XDG_STATE_HOME/admix/coordinator`: what must survive.
  static var defaultStateDirectory: String { directory("XDG_STATE_HOME", orBelowHome: ".local/state") + "/coordinator" }

  /// `$XDG_CACHE_HOME/admix/NAME`: what can be fetched again. Workers of one host need one each.
  static func defaultCacheDirectory(worker name: String) -> String {
    let safe = name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
    return directory("XDG_CACHE_HOME", orBelowHome: ".cache") + "/" + (safe.first == "." ? "_" : "") + String(safe)
  }

  private static func directory(_ variable: String, orBelowHome folder: String) -> String {
    let environment = ProcessInfo.processInfo.environment
    // The XDG rules: a relative path counts as unset.
    if let set = environment[variable], set.hasPrefix("/") { return "\(set)/admix" }
    return "\(environment["HOME"] ?? "/tmp")/\(folder)/admix"
  }

  static var workingDirectory: String { FileManager.default.currentDirectoryPath }

  static func absolute(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
  }

  /// This program, to be started again as a worker or a runner.
  static var executable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }
}

import Foundation

/// The package's own files, as the tidy tests read them.
struct SourceTree {
  struct File {
    /// Relative to the package.
    let path: String
    let lines: [String]
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Swift files below `directory`, links to folders not followed.
  static func swiftFiles(below directory: String) -> [File] {
    let base = root.appendingPathComponent(directory)
    guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
    var files: [File] = []
    for case let path as String in walk where path.hasSuffix(".swift") {
      guard let text = try? String(contentsOf: base.appendingPathComponent(path), encoding: .utf8) else { continue }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      files.append(File(path: "\(directory)/\(path)", lines: lines))
    }
    return files.sorted { $0.path < $1.path }
  }

  static let directories = ["protocol", "coordinator", "workers", "Sources", "Tests"]

  static var allSwiftFiles: [File] { directories.flatMap(swiftFiles(below:)) }
}

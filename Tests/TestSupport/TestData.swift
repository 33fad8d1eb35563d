public import Foundation

/// Real models and texts for tests; they are not part of the repository.
public enum TestData {
  /// The package's own directory.
  public static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().standardizedFileURL

  /// `ADMIX_TEST_DATA`, or `../shared/data` beside the package, whether or not anything is there.
  public static let place =
    ProcessInfo.processInfo.environment["ADMIX_TEST_DATA"].map { URL(fileURLWithPath: $0) }
    ?? package.appendingPathComponent("../shared/data").standardizedFileURL

  /// The folder; nil when it is not there.
  public static let folder = FileManager.default.fileExists(atPath: place.path) ? place : nil

  public static let isPresent = folder != nil
  /// Why a test was skipped.
  public static let absence = "the folder with test data is not there (ADMIX_TEST_DATA)"
}

/// An empty directory that goes with the value.
public final class TemporaryDirectory: Sendable {
  public let url: URL
  public var path: String { url.path }

  public init(_ name: String = "admix-test") throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(name)-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(at: url) } catch {
      FileHandle.standardError.write(Data("cannot remove \(url.path): \(error)\n".utf8))
    }
  }

  /// Writes `text` to `name` below the directory.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> URL {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file
  }
}

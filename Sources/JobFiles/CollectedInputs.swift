import Glibc
import JobKit
public import WireProtocol

/// A file of the submitter's machine that a job reads.
public struct InputFile: Hashable, Sendable {
  public let path: String
  public let digest: Digest
  public let byteCount: UInt64
}

/// The inputs that the plans of one submission asked for.
final class CollectedInputs {
  private(set) var files: [InputFile] = []
  private(set) var references: [InputReference] = []
  /// A file that several stages name is hashed once.
  private var known: [String: InputFile] = [:]

  func add(_ reference: InputReference) -> InputReference {
    references.append(reference)
    return reference
  }

  /// Hashes a file, or all files of a directory. Throws `FileFailure` also for an empty one.
  func hash(_ path: String, kind: PlannedInput.Kind) throws -> [FileReference] {
    switch kind {
    case .fileOrDirectory:
      var status = stat()
      guard stat(path, &status) == 0 else { throw FileFailure(code: errno) }
      return try hash(path, kind: status.st_mode & S_IFMT == S_IFDIR ? .directory : .file)
    case .file:
      let file = try hashed(path)
      guard file.byteCount > 0 else { throw FileFailure(reason: "the file is empty") }
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return [FileReference(path: name, digest: file.digest, byteCount: file.byteCount)]
    case .directory:
      var status = stat()
      guard stat(path, &status) == 0 else { throw FileFailure(code: errno) }
      guard status.st_mode & S_IFMT == S_IFDIR else { throw FileFailure(reason: "is a file, expected a directory") }
      let names = try filesBelow(path)
      guard !names.isEmpty else { throw FileFailure(reason: "the directory has no files") }
      return try names.map { name in
        do {
          let file = try hashed("\(path)/\(name)")
          return FileReference(path: name, digest: file.digest, byteCount: file.byteCount)
        } catch let failure as FileFailure {
          throw FileFailure(reason: "\(name) in it is \(failure.reason)")
        }
      }
    }
  }

  private func hashed(_ path: String) throws -> InputFile {
    if let file = known[path] { return file }
    let (digest, byteCount) = try hashFile(path)
    let file = InputFile(path: path, digest: digest, byteCount: byteCount)
    known[path] = file
    files.append(file)
    return file
  }
}

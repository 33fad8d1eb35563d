import Glibc

/// A directory that appears whole or not at all.
///
/// It is filled under a temporary name beside its destination. Order, chosen so that a kill or a power cut at any
/// point leaves either nothing or all of it under the final name:
///
/// 1. every file written and synced;
/// 2. `manifest.json`, with the others' sizes and hashes, written last and synced. The rename would be enough on the
///    disk where it happens; the manifest also tells a whole directory from one that was copied or uploaded in part,
///    and from one whose blocks the disk lost;
/// 3. the temporary directory synced, renamed, and the parent synced.
///
/// Replacing moves the old directory aside first; a kill just then leaves none under the final name, never a half one.
/// The temporary directory is locked while its writer lives, so that `removeLeftovers` of another process
/// leaves it alone.
final class StagedDirectory {
  /// Called after each effect on the disk; tests copy the disk there and look what a kill would have left.
  typealias Observer = (_ effect: String) throws -> Void

  static let temporaryPrefix = ".admix-tmp-"

  let temporaryPath: String
  private let destination: String
  private let descriptor: Int32
  private let observer: Observer?
  private var isFinished = false

  init(for destination: String, observer: Observer? = nil) throws {
    let parent = parentPath(destination)
    try createDirectories(parent)
    let random = String(UInt64.random(in: .min ... .max), radix: 36)
    temporaryPath = joinPath(parent, "\(Self.temporaryPrefix)\(lastComponent(destination))-\(getpid())-\(random)")
    self.destination = destination
    self.observer = observer
    guard mkdir(temporaryPath, 0o755) == 0 else {
      throw CheckpointError.system("creating the directory", temporaryPath)
    }
    descriptor = open(temporaryPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw CheckpointError.system("locking the directory", temporaryPath)
    }
    try observe("directory created")
  }

  deinit {
    // Not committed: nothing half-written stays. If even removing fails, `removeLeftovers` comes later.
    if !isFinished { try? removeTree(temporaryPath) }
    if descriptor >= 0 { close(descriptor) }
  }

  func path(of name: String) -> String { joinPath(temporaryPath, name) }

  func observe(_ effect: String) throws { try observer?(effect) }

  /// Writes the file `name` whole.
  func write(_ name: String, _ contents: [UInt8]) throws -> ListedFile {
    var file = try OutputFile(creating: path(of: name))
    try file.write(contents)
    let (size, sha256) = try file.finish()
    try observe("\(name) written")
    return ListedFile(path: name, size: size, sha256: sha256)
  }

  /// Gives the directory its final name. With `replacing`, what is there goes away, provided it has a manifest or is
  /// empty: a folder that this module did not write is never removed.
  func commit(replacing: Bool) throws {
    guard fsync(descriptor) == 0 else { throw CheckpointError.system("syncing the directory", temporaryPath) }
    let aside = temporaryPath + "-replaced"
    let isReplaced = try entryExists(destination)
    if isReplaced {
      try Self.checkMayWrite(destination, replacing: replacing)
      try move(destination, to: aside)
      try observe("old one moved aside")
    }
    do {
      try move(temporaryPath, to: destination)
    } catch {
      if isReplaced { try move(aside, to: destination) }
      throw error
    }
    isFinished = true
    try observe("renamed")
    try syncDirectory(parentPath(destination))
    if isReplaced { try removeTree(aside) }
    try observe("committed")
  }

  /// - Throws: `CheckpointError` when something is at `destination` that must not be replaced.
  static func checkMayWrite(_ destination: String, replacing: Bool) throws {
    guard try entryExists(destination) else { return }
    func refusal(_ found: String) -> CheckpointError {
      CheckpointError(
        .alreadyExists, file: destination, found: found, expected: "no such entry yet", wayOut: "remove or rename it")
    }
    guard try isDirectory(destination) else { throw refusal("a file") }
    guard replacing else { throw refusal("a directory") }
    let names = try entryNames(destination)
    guard names.isEmpty || names.contains(CheckpointManifest.fileName) else {
      throw refusal("a directory without \(CheckpointManifest.fileName)")
    }
  }

  private func move(_ path: String, to new: String) throws {
    guard rename(path, new) == 0 else { throw CheckpointError.system("renaming \(path) to it", new) }
  }
}

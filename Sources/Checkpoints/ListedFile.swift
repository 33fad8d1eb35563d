/// A file of a checkpoint or model directory, as others address it: by the hash of its contents.
public struct ListedFile: Sendable, Hashable {
  /// Relative to the directory; a plain name, for these directories are flat.
  public var path: String
  /// Bytes.
  public var size: Int
  /// Lower-case hexadecimal.
  public var sha256: String

  public init(path: String, size: Int, sha256: String) {
    self.path = path
    self.size = size
    self.sha256 = sha256
  }
}

/// The relative path of a file in a tree that came over the wire. It is joined to a directory of ours, so it must not
/// lead out of it.
public enum TreePath {
  /// Longer ones no Linux file system takes (PATH_MAX is 4096 with the directory before it).
  public static let byteCountMax = 2048

  /// `directory/path`, or `.unsafePath` when `path` is empty, absolute, too long, or has an empty, `.` or `..`
  /// component or a NUL.
  public static func join(_ directory: String, _ path: String) throws(StoreError) -> String {
    func refuse(_ problem: String) -> StoreError {
      StoreError(.unsafePath, path: path.isEmpty ? "(empty)" : path, problem: "\(problem); a relative path is expected")
    }
    guard !path.isEmpty else { throw refuse("is empty") }
    guard path.utf8.count <= byteCountMax else { throw refuse("is longer than \(byteCountMax) bytes") }
    guard !path.hasPrefix("/") else { throw refuse("is absolute") }
    guard !path.utf8.contains(0) else { throw refuse("has a NUL in it") }
    for component in path.split(separator: "/", omittingEmptySubsequences: false) {
      switch component {
      case "": throw refuse("has an empty component")
      case ".", "..": throw refuse("has the component '\(component)'")
      default:
        guard component.utf8.count <= 255 else { throw refuse("has a component longer than 255 bytes") }
      }
    }
    return "\(directory)/\(path)"
  }
}

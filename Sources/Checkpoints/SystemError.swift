import Glibc

extension CheckpointError {
  /// The error of a failed system call on `path`. Call right after the failure: it reads `errno` unless given one.
  static func system(
    _ doing: String, _ path: String, errno number: Int32 = errno, bytesNeeded: Int? = nil
  ) -> CheckpointError {
    let text = String(cString: strerror(number))
    var error = CheckpointError(code(of: number), file: path, found: "\(text) while \(doing)", expected: "success")
    error.systemError = number
    error.host = hostName()
    switch number {
    case ENOSPC, EDQUOT, EFBIG:
      error.bytesNeeded = bytesNeeded
      error.expected = "room for it" + (freeBytes(at: path).map { " (\($0) bytes free)" } ?? "")
      error.wayOut = "free disk space or choose another directory, then go on"
    case EACCES, EPERM, EROFS:
      error.expected = "permission for user \(geteuid())"
      error.wayOut = "check the owner and mode of the path"
    case ENOENT:
      error.expected = "a file or directory at this path"
    case EEXIST, ENOTEMPTY:
      error.expected = "no such entry yet"
      error.wayOut = "remove or rename it"
    default:
      break
    }
    return error
  }

  private static func code(of number: Int32) -> Code {
    switch number {
    case ENOENT: .missing
    case ENOTDIR: .notDirectory
    case EISDIR: .notRegularFile
    case EACCES, EPERM, EROFS: .permissionDenied
    case ENOSPC, EDQUOT, EFBIG: .noSpace
    case EEXIST, ENOTEMPTY: .alreadyExists
    default: .inputOutput
    }
  }
}

/// Free bytes for this user on the file system of `path` or of its nearest parent that exists.
private func freeBytes(at path: String) -> Int? {
  var probe = path
  while true {
    var status = statvfs()
    if statvfs(probe, &status) == 0 {
      let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
      return overflow ? Int.max : Int(clamping: bytes)
    }
    let parent = parentPath(probe)
    if parent == probe { return nil }
    probe = parent
  }
}

private func hostName() -> String? {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return nil }
  return name.withUnsafeBufferPointer { buffer in
    buffer.baseAddress.map { String(cString: $0) }
  }
}

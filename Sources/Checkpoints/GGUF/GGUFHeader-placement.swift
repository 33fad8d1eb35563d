extension GGUFHeader {
  /// Puts the tensors where they lie in the file. They must lie one after the other, each padded to the alignment and
  /// inside the file: two that share bytes are no tensors, and bytes outside all of them could be anything.
  static func place(
    _ claims: [(tensor: GGUFFile.Tensor, offset: Int)], headerEnd: Int, alignment: Int, file: ReadableFile
  ) throws -> [GGUFFile.Tensor] {
    let dataOffset = padded(headerEnd, to: alignment)
    var names: Set<String> = []
    var tensors: [GGUFFile.Tensor] = []
    var end = 0
    for (tensor, offset) in claims.sorted(by: { $0.offset < $1.offset }) {
      func failure(_ code: CheckpointError.Code, _ found: String, _ expected: String) -> CheckpointError {
        CheckpointError(
          code, file: file.path, tensor: tensor.name, field: "offset, of the entry at byte \(tensor.entryOffset)",
          found: found, expected: expected)
      }
      guard names.insert(tensor.name).inserted else {
        throw failure(.inconsistent, "this name a second time", "each tensor once")
      }
      guard offset == end else {
        throw failure(
          offset < end ? .overlap : .gap, "\(offset)", "\(end), the end of the tensor before with its padding")
      }
      // Compared by subtraction: sums of what a file says may overflow.
      guard offset <= file.size - dataOffset, tensor.byteCount <= file.size - dataOffset - offset else {
        var error = failure(
          .truncated, "a file of \(file.size) bytes",
          "\(tensor.byteCount) bytes from byte \(dataOffset) + \(offset) on")
        error.wayOut = "the file is cut: fetch it again"
        throw error
      }
      end = padded(offset + tensor.byteCount, to: alignment)
      tensors.append(tensor.placed(at: dataOffset + offset))
    }
    guard tensors.isEmpty || file.size <= dataOffset + end else {
      throw CheckpointError(
        .gap, file: file.path, field: "tensors that end at byte \(dataOffset + end)",
        found: "\(file.size - dataOffset - end) more bytes", expected: "the end of the file")
    }
    return tensors
  }

  private static func padded(_ offset: Int, to alignment: Int) -> Int {
    (offset + alignment - 1) & ~(alignment - 1)
  }
}

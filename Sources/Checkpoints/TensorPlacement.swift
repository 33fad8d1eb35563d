/// Where a tensor of the model lives in the flat array of all parameters.
public struct TensorPlacement: Sendable, Hashable {
  /// Hugging Face name, such as `model.layers.0.self_attn.q_proj.weight`.
  public var name: String
  public var shape: [Int]
  /// Index of its first element in the flat array, in floats.
  public var offset: Int

  public init(name: String, shape: [Int], offset: Int) {
    self.name = name
    self.shape = shape
    self.offset = offset
  }

  /// Elements: the product of the shape.
  public var count: Int { shape.reduce(1, *) }

  public var range: Range<Int> { offset..<offset + count }
}

extension [TensorPlacement] {
  /// In byte order of their names: the order of the weights' hash and of the files written here.
  var inByteOrder: [TensorPlacement] {
    sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// A placement that does not lie in the array is our mistake, not the file's.
  func check(fitInto count: Int) {
    var names: Set<String> = []
    for placement in self {
      precondition(placement.shape.allSatisfy { $0 >= 0 }, "negative dimension: \(placement)")
      precondition(placement.offset >= 0 && placement.range.upperBound <= count, "outside \(count): \(placement)")
      precondition(names.insert(placement.name).inserted, "named twice: \(placement)")
    }
  }
}

extension ModelConfiguration {
  /// `model_type` of the file, such as `llama`.
  public func modelType() throws -> String {
    try ConfigurationFields(document(), file: "config.json").string("model_type")
  }

  /// The file's text for a model whose weights are written in fp32: as read, to the byte, unless it names another
  /// element type, which readers such as transformers would round the weights to.
  public func jsonForFP32() throws -> [UInt8] { try json(for: .f32) }

  /// The file's text for weights of `type`. As it was read when it says that type already, or says none and the type is
  /// F32, which is what readers take then.
  func json(for type: ModelElementType) throws -> [UInt8] {
    guard case .object(var members) = try document() else { return json }
    let keys = ["torch_dtype", "dtype"]
    let says = members.indices.filter { keys.contains(members[$0].key) && members[$0].value != .null }
    let name = JSONValue.string(type.configurationName)
    if says.isEmpty {
      guard type != .f32 else { return json }
      members.removeAll { keys.contains($0.key) }
      members.append(.init(key: "torch_dtype", value: name))
    } else {
      guard says.contains(where: { members[$0].value != name }) else { return json }
      for index in says { members[index].value = name }
    }
    return Array((JSONValue.object(members).text(indent: 2) + "\n").utf8)
  }

  private func document() throws -> JSONValue {
    let limits = JSONLimits(bytes: Self.fileBytesLimit, depth: 16, values: 100_000)
    return try json.withUnsafeBytes { try JSONParser.parse($0, file: "config.json", limits: limits) }
  }
}

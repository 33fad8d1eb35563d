/// What a file's first bytes say it is, for the message to somebody who gave another file than a model.
struct FileBeginning {
  /// For "found …".
  let text: String
  let wayOut: String?
  let isGGUF: Bool

  init(_ bytes: [UInt8]) {
    func starts(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    isGGUF = starts("GGUF")
    switch bytes {
    case _ where starts("PK\u{3}\u{4}"):
      text = "a zip archive (a wheel, or PyTorch's .bin or .pth)"
      wayOut = "unpack a wheel with `unzip`; PyTorch's files have to be converted to safetensors"
    case _ where starts("GGUF"):
      text = "a GGUF file"
      wayOut = "give its name the ending .gguf"
    case _ where starts("\u{1F}") && bytes.dropFirst().first == 0x8B:
      text = "a gzip file"
      wayOut = "unpack it with `gunzip`"
    case _ where bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]):
      text = "a zstd file"
      wayOut = "unpack it with `unzstd`"
    case _ where starts("version https://git-lfs"):
      text = "a Git LFS pointer, not the file itself"
      wayOut = "fetch the file with `git lfs pull`"
    case _ where starts("<!DOC") || starts("<html") || starts("<HTML"):
      text = "a web page"
      wayOut = "download the file itself, not the page about it"
    case _ where bytes.starts(with: [0x80]) && (2...5).contains(bytes.dropFirst().first ?? 0):
      text = "a Python pickle"
      wayOut = "convert the model to safetensors"
    case _ where starts("ggml") || starts("lmgg") || starts("fmgg") || starts("tjgg") || starts("ggjt"):
      text = "a GGML file of before GGUF"
      wayOut = "convert the original model again with llama.cpp"
    case _ where bytes.count > 8 && bytes[8] == UInt8(ascii: "{"):
      text = "perhaps a safetensors file"
      wayOut = "give the directory that holds it, with its config.json"
    case _ where bytes.isEmpty:
      text = "an empty file"
      wayOut = "fetch it again"
    default:
      text = "bytes \(hexadecimal(bytes.prefix(8)))"
      wayOut = nil
    }
  }

  /// The first 32 bytes of `file`, or fewer.
  init(_ file: ReadableFile) throws {
    var bytes = [UInt8](repeating: 0, count: min(32, file.size))
    try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    self.init(bytes)
  }
}

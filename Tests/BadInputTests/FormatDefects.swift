import Foundation
import TestSupport

/// Defects of the files that models and texts come in beside safetensors, SentencePiece and plain text.
extension Defect {
  static let formats: [Defect] = ggufs + tokenizers + archives

  private static let ggufs: [Defect] = [
    Defect("a GGUF file that is missing", says: "job.yaml:3:", "model.gguf: no such file", "--base") {
      try $0.take("model.gguf")
      try $0.remove("model.gguf")
    },
    Defect("an empty GGUF file", says: "job.yaml:3:", "model.gguf", "the file is empty") {
      try $0.takeGGUF { $0 = Data() }
    },
    Defect("another file under a GGUF file's name", says: "job.yaml:3:", "magic at byte 0", "expected \"GGUF\"") {
      try $0.takeGGUF { $0 = Data("春眠不觉晓".utf8) }
    },
    Defect("a GGUF file cut in its header", says: "count of tensors at byte 8", "the file is cut or damaged") {
      try $0.takeGGUF { $0 = $0.prefix(200) }
    },
    Defect("a GGUF file cut in its weights", says: "tensor blk.1.ffn_down.weight", "the file is cut: fetch it again") {
      try $0.takeGGUF { $0 = $0.dropLast(2000) }
    },
    Defect("a GGUF file of more tokens than bytes", says: "tokenizer.ggml.tokens at byte", "1152921504606") {
      try $0.takeGGUF { file in
        // The key, the types of array and element, then the count.
        let key = try file.place(of: "tokenizer.ggml.tokens")
        file.replaceSubrange(key.upperBound + 8..<key.upperBound + 16, with: [0, 0, 0, 0, 0, 0, 0, 0x10])
      }
    },
    Defect(
      "a GGUF file whose embedding has fewer rows than its vocabulary has tokens",
      says: "model.gguf", "token_embd.weight", "tokenizer.ggml.tokens"
    ) {
      try $0.takeGGUF { file in
        // The name, the count of dimensions, the width, then the rows: as many numbers as before, 64 × 260.
        let place = try file.place(of: "token_embd.weight").upperBound + 4
        file.replaceSubrange(place..<place + 16, with: [64, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0])
      }
    },
    Defect("merges of a GGUF file that name no token", says: "model.merges[0]", "\"ĠQ\" is not in the vocabulary") {
      try $0.takeGGUF("vocabulary-llama-bpe.gguf") { file in
        file.replaceSubrange(try file.place(of: "Ġ s"), with: Data("Ġ Q".utf8))
      }
    },
  ]

  private static let tokenizers: [Defect] = [
    Defect("an empty tokenizer.json", says: "job.yaml:3:", "model/tokenizer.json: not JSON: the file ends") {
      try $0.overwrite("model/tokenizer.json", "")
    },
    Defect("a directory for a tokenizer.json", says: "tokenizer.json", "a directory, expected a regular file") {
      try FileManager.default.createDirectory(at: $0.file("model/tokenizer.json"), withIntermediateDirectories: true)
    },
    Defect("a tokenizer.json cut short", says: "model/tokenizer.json", "the file ends", "byte 3000") {
      try $0.tokenizerJSON { $0 = $0.prefix(3000) }
    },
    Defect("a tokenizer.json that is not UTF-8", says: "model/tokenizer.json", "not UTF-8 (at byte ") {
      try $0.tokenizerJSON { file in file[try file.place(of: "vocab").lowerBound] = 0xFF }
    },
    Defect("a tokenizer.json of another kind", says: "model/tokenizer.json", "of type WPE; only BPE can be read") {
      try $0.tokenizerJSON { file in file.replaceSubrange(try file.place(of: "\"BPE\""), with: Data("\"WPE\"".utf8)) }
    },
    Defect("merges of a tokenizer.json that name no token", says: "model.merges[", "is not in the vocabulary") {
      try $0.tokenizerJSON { file in
        let merges = try file.place(of: "\"merges\"").upperBound
        guard let first = file[merges...].firstIndex(of: UInt8(ascii: "h")) else { throw TestFailure("no h") }
        file.replaceSubrange(first..<first + 1, with: Data("hQ".utf8))
      }
    },
    Defect("tiktoken ranks of another model", says: "tokenizer.model", "256 ranks", "Use the model's tokenizer.json") {
      try $0.overwrite("model/tokenizer.model", TinyJob.ranks)
    },
    Defect("a tiktoken rank that is no number", says: "tokenizer.model", "line 7", "a rank below 10,000,000 expected") {
      try $0.overwrite("model/tokenizer.model", TinyJob.ranks.replacingOccurrences(of: "Bg== 6\n", with: "Bg== six\n"))
    },
    Defect("a tiktoken token that is not base64", says: "tokenizer.model", "line 7", "base64 of 1 to 256 bytes") {
      try $0.overwrite("model/tokenizer.model", TinyJob.ranks.replacingOccurrences(of: "Bg==", with: "B*=="))
    },
    Defect("an empty SentencePiece model", says: "job.yaml:3:", "tokenizer.model", "the file is empty") {
      try $0.overwrite("model/tokenizer.model", "")
    },
    Defect("a SentencePiece model whose length lies", says: "tokenizer.model", "pieces[0]", "are left (at byte ") {
      let whole = try Data(contentsOf: $0.file("model/tokenizer.model"))
      try (Data([0x0A, 0x7F]) + whole.dropFirst(2)).write(to: $0.file("model/tokenizer.model"))
    },
  ]

  private static let archives: [Defect] = [
    Defect("an archive that is missing", says: "job.yaml:5:", "zh.jsonl.zst: no such file", "--base") {
      try $0.take("zh.jsonl.zst")
      try $0.remove("zh.jsonl.zst")
    },
    Defect("an empty archive", says: "job.yaml:5:", "zh.jsonl.zst", "the file is empty") {
      try $0.take("zh.jsonl.zst")
      try $0.overwrite("zh.jsonl.zst", "")
    },
    Defect("a text that only says it is Zstandard", says: "job.yaml:5:", "zh.jsonl.zst", "not a Zstandard file") {
      try $0.take("zh.jsonl.zst")
      try $0.overwrite("zh.jsonl.zst", "{\"text\": \"a\"}\n")
    },
    // A frame's magic and header, and the half of a block.
    Defect("half an archive", says: "job.yaml:5:", "after 12 bytes inside a Zstandard frame", "fetch or compress it") {
      try $0.take("zh.jsonl.zst")
      try $0.overwrite("zh.jsonl.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x48, 0x51, 0x00, 0x00, 0x7B, 0x22, 0x74])
    },
    Defect("an archive whose window is beyond any", says: "zh.jsonl.zst", "too much memory") {
      try $0.take("zh.jsonl.zst")
      try $0.overwrite("zh.jsonl.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00])
    },
    Defect("a table instead of a text", says: "job.yaml:5:", "zh.parquet", "to_json('zh.jsonl'") {
      try $0.overwrite("zh.parquet", "PAR1")
      try $0.write([("zh.jsonl", "zh.parquet")])
    },
  ]
}

extension TinyJob {
  /// A line for each byte, as Llama 3's file has.
  static let ranks = (0...255).map { "\(Data([UInt8($0)]).base64EncodedString()) \($0)\n" }.joined()

  /// Makes a file of a format that the job does without, and lets the job name it.
  func take(_ name: String) throws {
    switch name {
    case "model.gguf": try takeGGUF { _ in }
    case "model/tokenizer.json": try tokenizerJSON { _ in }
    case "zh.jsonl.zst":
      try overwrite(name, "archive")
      try write([("zh.jsonl", name)])
    default: throw TestFailure("there is no \(name) to take")
    }
  }

  fileprivate func takeGGUF(_ fixture: String = "sentencepiece.gguf", _ change: (inout Data) throws -> Void) throws {
    var bytes = try Data(
      contentsOf: TestData.package.appendingPathComponent("Tests/CheckpointTests/Fixtures/gguf/\(fixture)"))
    try change(&bytes)
    try bytes.write(to: file("model.gguf"))
    try write([("model: model", "model: model.gguf")])
  }

  fileprivate func tokenizerJSON(_ change: (inout Data) throws -> Void) throws {
    var bytes = try Data(
      contentsOf: TestData.package.appendingPathComponent("Tests/TokenizerTests/Fixtures/bytes-gpt2.json"))
    try change(&bytes)
    try bytes.write(to: file("model/tokenizer.json"))
  }
}

extension Data {
  fileprivate func place(of text: String) throws -> Range<Index> {
    guard let place = range(of: Data(text.utf8)) else { throw TestFailure("there is no \(text) in the fixture") }
    return place
  }
}

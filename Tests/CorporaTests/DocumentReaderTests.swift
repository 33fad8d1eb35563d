import Foundation
import Metering
import Testing

@testable import Corpora

@Suite struct DocumentReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func failure(_ path: String, _ options: DocumentOptions = DocumentOptions()) -> CorpusError? {
    do {
      _ = try documents(path, options)
      return nil
    } catch {
      return error as? CorpusError
    }
  }

  @Test func linesOfJSONAreDocuments() throws {
    let path = try folder.write(
      "a.jsonl",
      #"{"text": "eins\n\u4e2d \ud83d\ude00", "id": 1}"# + "\r\n\n" + #"{"id": [{"x": null}], "text": "zwei"}"#)
    #expect(try documents(path) == ["eins\n中 😀", "zwei"])
  }

  @Test func anotherFieldMayHoldTheText() throws {
    let path = try folder.write("a.jsonl", #"{"text": "a", "body": "b"}"#)
    #expect(try documents(path, DocumentOptions(textField: "body")) == ["b"])
  }

  @Test func plainTextIsCutAsAsked() throws {
    let path = try folder.write("a.txt", "\u{FEFF}eins\r\nzwei\n\n \ndrei\n\n")
    #expect(try documents(path) == ["eins", "zwei", "drei"])
    #expect(try documents(path, DocumentOptions(documents: .blankLines)) == ["eins\nzwei", "drei"])
    #expect(try documents(path, DocumentOptions(documents: .file)) == ["eins\r\nzwei\n\n \ndrei\n"])
  }

  @Test func gzipOfAnyNumberOfMembersIsRead() throws {
    let first = Array("eins\nzw".utf8)
    let second = Array("ei\ndrei\n".utf8)
    let path = try folder.write("a.txt.gz", gzip(first) + gzip([]) + gzip(second) + [0, 0, 0])
    #expect(try documents(path) == ["eins", "zwei", "drei"])
    let big = (0..<400_000).map { "line \($0 / 7)" }
    let large = try folder.write("b.txt.gz", gzip(Array(big.joined(separator: "\n").utf8)))
    #expect(try documents(large) == big)
    // Zeros compress a thousandfold, so that zlib holds more output than one buffer takes after its input is gone.
    let same = try folder.write("c.txt.gz", gzip([UInt8](repeating: 0x61, count: 5 << 20)))
    #expect(try documents(same).map(\.utf8.count) == [5 << 20])
  }

  @Test func zstandardOfAnyNumberOfFramesIsRead() throws {
    let path = try folder.write(
      "a.txt.zst", zstd(Array("eins\nzw".utf8)) + zstd([]) + zstd(Array("ei\ndrei\n".utf8)))
    #expect(try documents(path) == ["eins", "zwei", "drei"])
    let big = (0..<400_000).map { "line \($0 / 7)" }
    let large = try folder.write("b.txt.zst", zstd(Array(big.joined(separator: "\n").utf8)))
    #expect(try documents(large) == big)
    let same = try folder.write("c.txt.zst", zstd([UInt8](repeating: 0x61, count: 5 << 20)))
    #expect(try documents(same).map(\.utf8.count) == [5 << 20])
    let lines = try folder.write("d.jsonl.zst", zstd(Array(#"{"text": "a"}"#.utf8)))
    #expect(try documents(lines) == ["a"])
  }

  @Test func damagedZstandardIsAnErrorWhereverItIsCut() throws {
    let whole = zstd(try jsonLines(inventedTexts(count: 30, seed: 3)))
    for count in 1..<whole.count {
      let path = try folder.write("half.jsonl.zst", Array(whole[..<count]))
      let error = try #require(failure(path), "cut at \(count)")
      #expect(error.code == .corruptZstd && error.file == path, "cut at \(count): \(error)")
    }
    #expect(failure(try folder.write("a.txt.zst", "plain text"))?.message.contains("not a Zstandard file") == true)
    #expect(failure(try folder.write("b.jsonl.zst", whole + Array("more".utf8)))?.code == .corruptZstd)
    // A frame that wants a window of two gigabytes.
    let hungry: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00]
    #expect(failure(try folder.write("c.jsonl.zst", hungry))?.message.contains("too much memory") == true)
  }

  /// Of each format 20,000 with random bytes changed and 2,000 changed in the headers and checksums of two frames: an
  /// error or documents; what is read and unpacked is counted.
  @Test(arguments: [".gz", ".zst"])
  func spoiledArchivesNeverTrapAndCostWhatTheirSizeAllows(suffix: String) throws {
    let pack = suffix == ".gz" ? gzip : zstd
    let first = pack(try jsonLines(inventedTexts(count: 6, seed: 5)))
    let whole = first + pack(try jsonLines(inventedTexts(count: 6, seed: 6)))
    let frames = [0..<first.count, first.count..<whole.count]
    let headers = frames.flatMap { Array($0.prefix(16)) + Array($0.suffix(8)) }
    var state: UInt64 = 7
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
    }
    let clock = ContinuousClock()
    var slowest = (time: Duration.zero, number: 0)
    var most = (allocatedBytes: 0, unpacked: 0)
    var refused = 0
    let options = DocumentOptions(documentBytesMax: 1 << 20)
    let path = folder.path("m.jsonl" + suffix)
    for number in 0..<22_000 {
      var bytes = whole
      for _ in 0...random(3) {
        let place = number < 20_000 ? random(bytes.count) : headers[random(headers.count)]
        bytes[place] = UInt8(random(256))
      }
      if number < 20_000, random(8) == 0 { bytes.removeSubrange(random(bytes.count)...) }
      _ = try folder.write("m.jsonl" + suffix, bytes)
      let meter = ReadMeter()
      let time = clock.measure {
        ReadMeter.$current.withValue(meter) { if failure(path, options) != nil { refused += 1 } }
      }
      if time > slowest.time { slowest = (time, number) }
      let cost = meter.cost
      most = (max(most.allocatedBytes, cost.allocatedBytes), max(most.unpacked, cost.steps))
      // A block of Zstandard is at most 128 KiB, and at least three bytes; gzip packs at most 1,032 bytes into one. The
      // window is at most 128 MiB, with a block beside it.
      let isBounded =
        cost.readBytes <= bytes.count && cost.steps <= (suffix == ".gz" ? 1032 : 1 << 16) * bytes.count
        && cost.allocatedBytes <= 129 << 20
      if !isBounded { Issue.record("\(suffix) \(number): \(bytes.count) bytes cost \(cost)") }
    }
    #expect(refused > 15_000)
    print(
      "\(suffix): 22,000 damaged files, \(refused) refused, the slowest (\(slowest.number)) took \(slowest.time), "
        + "at most \(most.unpacked) bytes unpacked with a window of \(most.allocatedBytes)")
  }

  @Test func halfGzippedFilesAreErrorsWhereverTheyAreCut() throws {
    let whole = gzip(try jsonLines(inventedTexts(count: 30, seed: 3)))
    for count in 1..<whole.count {
      let path = try folder.write("half.jsonl.gz", Array(whole[..<count]))
      let error = try #require(failure(path), "cut at \(count)")
      #expect(error.code == .halfGzipped, "cut at \(count): \(error)")
      #expect(error.file == path && error.offset == count)
      #expect(error.description.contains("half-gzipped"))
    }
  }

  @Test func damagedGzipIsAnError() throws {
    var bytes = gzip(try jsonLines(inventedTexts(count: 30, seed: 3)))
    #expect(failure(try folder.write("a.txt.gz", "plain text"))?.code == .corruptGzip)
    #expect(failure(try folder.write("b.jsonl.gz", bytes + Array("more".utf8)))?.code == .corruptGzip)
    bytes[bytes.count - 6] ^= 1  // the member's checksum
    #expect(failure(try folder.write("c.jsonl.gz", bytes))?.code == .corruptGzip)
  }

  @Test func filesThatCannotBeReadAreNamedWithTheReason() throws {
    let missing = failure(folder.path("none.jsonl"))
    #expect(missing?.code == .missing && missing?.file == folder.path("none.jsonl"))
    #expect(failure(try folder.write("empty.jsonl", ""))?.code == .empty)
    #expect(failure(try folder.write("empty.txt.gz", gzip([])))?.code == .empty)
    #expect(failure(try folder.write("blank.txt", "\n \n\t\n"))?.code == .empty)
    #expect(failure(try folder.write("blank.jsonl", #"{"text": ""}"#))?.code == .empty)
    try FileManager.default.createDirectory(atPath: folder.path("folder.txt"), withIntermediateDirectories: true)
    #expect(failure(folder.path("folder.txt"))?.message.contains("directory") == true)
    #expect(failure(folder.path("none.jsonl.zst"))?.code == .missing)
    #expect(failure(try folder.write("empty.txt.zst", zstd([])))?.code == .empty)
    #expect(failure("a/b.parquet")?.message.contains("read_parquet('a/b.parquet').to_json('b.jsonl'") == true)
    #expect(failure(folder.path("a.csv"))?.code == .unsupportedFormat)
  }

  @Test(.enabled(if: geteuid() != 0, "skipped: root may read everything"))
  func aFileWithoutPermissionIsNamed() throws {
    let path = try folder.write("secret.txt", "text")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    #expect(failure(path)?.code == .unreadable)
  }

  @Test func textThatIsNotUTF8IsAnErrorWithItsLine() throws {
    let cases: [[UInt8]] = [
      [0xFF], [0xC0, 0x80], [0xE4, 0xB8], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE0, 0x80, 0x80],
    ]
    for bytes in cases {
      let error = failure(try folder.write("a.txt", Array("gut\nschlecht: ".utf8) + bytes + Array("\nx\n".utf8)))
      #expect(error?.code == .notUTF8 && error?.line == 2 && error?.offset == 10, "\(bytes)")
    }
  }

  @Test(arguments: [
    (#"{"id": 1}"#, "no field \"text\"; fields here: id"), (#"{}"#, "the object is empty"),
    (#"[1, 2]"#, "an array found; a JSON object expected"), (#""text""#, "a string found"),
    (#"{"text": 7}"#, "field \"text\" is a number; a string expected"), (#"{"text": null}"#, "is null"),
    (#"{"text": "a"#, "the line ends inside a string"), (#"{"text": "a"} x"#, "something follows"),
    (#"{"text": "a",}"#, "a field name in quotes expected"), (#"{"text": "\ud800"}"#, "half of a surrogate pair"),
    (#"{"text": "\x"}"#, "unknown escape"), (#"{"n": 01, "text": "a"}"#, "a JSON value expected"),
    ("{\"text\": \"a\tb\"}", "control character"),
  ])
  func badLinesOfJSONAreErrorsWithTheirNumber(line: String, reason: String) throws {
    let folder = try TemporaryFolder()
    let error = failure(try folder.write("a.jsonl", #"{"text": "fine"}"# + "\n\n" + line + "\n"))
    #expect(error?.line == 3)
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "no error")")
  }

  @Test func deepNestingIsRefusedAndDoesNotOverflowTheStack() throws {
    let deep = #"{"x": "# + String(repeating: "[", count: 1_000_000)
    #expect(failure(try folder.write("a.jsonl", deep))?.message.contains("nested deeper") == true)
  }

  @Test func aLineBeyondTheLimitIsAnErrorNotMemory() throws {
    let path = try folder.write("a.txt", "short\n" + String(repeating: "x", count: 2000))
    let error = failure(path, DocumentOptions(documentBytesMax: 1000))
    #expect(error?.code == .tooLong && error?.line == 2)
    let lines = try folder.write("b.txt", String(repeating: "line\n", count: 1000))
    #expect(failure(lines, DocumentOptions(documents: .file, documentBytesMax: 1000))?.code == .tooLong)
    #expect(failure(lines, DocumentOptions(documents: .blankLines, documentBytesMax: 1000))?.code == .tooLong)
  }

  /// Foundation's parser is the second opinion.
  @Test func mutatedLinesAreJudgedAsFoundationJudgesThem() throws {
    let line = Array(#"{"id":-1.5e3,"text":"a\u00e9\n\"z","more":[true,{"k":[]},null,"中"],"x":{"y":0.1}}"#.utf8)
    var state: UInt64 = 1
    for _ in 0..<4000 {
      var mutated = line
      for _ in 0...Int(state % 2) {
        state = SplitMix64.mix(state)
        let alphabet = Array(#"{}[]":,0123456789-+.eEtrufalsn\ x"#.utf8)
        mutated[Int(state >> 8) % mutated.count] = alphabet[Int(state >> 40) % alphabet.count]
      }
      guard mutated.withUnsafeBufferPointer(UTF8Check.firstMalformedOffset) == nil else { continue }
      var text: [UInt8] = []
      let ours = Result {
        try mutated.withUnsafeBufferPointer { try JSONLine.read(Array("text".utf8), from: $0, into: &text) }
      }
      let theirs = (try? JSONSerialization.jsonObject(with: Data(mutated))) as? [String: Any]
      let expected = theirs?["text"] as? String
      let found = (try? ours.get()) == nil ? nil : String(decoding: text, as: UTF8.self)
      // Of repeated fields Foundation may take either.
      if String(decoding: mutated, as: UTF8.self).components(separatedBy: "\"text\"").count == 2 {
        #expect(found == expected, "\(String(decoding: mutated, as: UTF8.self))")
      }
    }
  }
}

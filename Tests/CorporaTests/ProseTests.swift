import Foundation
import TestSupport
import Testing

@testable import Corpora

/// Pages as DocBook writes them, with words of our own.
private let english = """
  <?xml version="1.0" encoding="UTF-8" standalone="no"?>
  <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">
  <html xmlns="http://www.w3.org/1999/xhtml"><head><title>Chapter 1. Kettles</title>
    <meta name="a" content="b > c"/></head>
  <body><div class="navheader"><table><tr><td><p>Previous chapter, which is navigation and no prose.</p></td></tr>
    </table></div>
  <div class="toc"><dl class="toc"><dt>1.1. Boiling</dt><dd><p>An entry, which is long enough.</p></dd></dl></div>
  <h2 class="title"><a id="boiling"/>1.1. Boiling water</h2>
  <p>Fill the kettle with <code class="literal">cold</code> water &amp; switch it
   on; it is done when it whistles.<sup class="footnote">[1]</sup></p>
  <pre class="screen"># kettle --on --loudly</pre>
  <div class="table"><p class="title">Table 1.1. A list of kettles that nobody reads</p>
    <table class="table"><tr><td>/usr/bin/kettle, a cell of a table with many words</td></tr></table></div>
  <div class="note"><table summary="Note"><tr><td><img alt="[Note]" src="note.png"/></td><th>Note</th></tr>
    <tr><td><p>Never leave a kettle alone while it boils, whatever it says.</p></td></tr></table></div>
  <h3>1.1.1. Descaling</h3>
  <ul><li><p>Pour a cup of vinegar into the kettle and let it stand for an hour.</p></li>
    <li>Rinse it twice, until nothing in the kitchen smells of vinegar.</li><li>-rwx 12 34 [] {} $PATH ~/.k</li></ul>
  </body></html>
  """

private let chinese = """
  <html><body><h2>1.1. 烧水</h2>
  <p>把冷水倒进水壶里，然后打开开关；水开了的时候
  水壶会响。请使用 <code>kettle</code> 命令。</p>
  <p>This paragraph was not translated into Chinese by anybody yet, as it happens.</p>
  <h3>1.1.1. 除垢</h3><p>把一杯醋倒进水壶里，放置一个小时，然后用清水冲洗两遍，直到没有醋味为止。</p></body></html>
  """

@Suite("Prose of manuals")
struct ProseTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func sections(_ html: String) throws -> [ProseSection] {
    try ProseSection.sections(html: Array(html.utf8), file: "page.html")
  }

  @Test("Each heading begins a section; tables, commands, captions, contents and navigation are left out")
  func docBook() throws {
    #expect(
      try sections(english) == [
        ProseSection(
          title: "Boiling water",
          blocks: [
            "Fill the kettle with cold water & switch it on; it is done when it whistles.",
            "Never leave a kettle alone while it boils, whatever it says.",
          ]),
        ProseSection(
          title: "Descaling",
          blocks: [
            "Pour a cup of vinegar into the kettle and let it stand for an hour.",
            "Rinse it twice, until nothing in the kitchen smells of vinegar.", "-rwx 12 34 [] {} $PATH ~/.k",
          ]),
      ])
  }

  @Test("A line broken between ideographs is joined without a space; between words with one")
  func brokenLines() throws {
    #expect(try sections(chinese)[0].blocks[0] == "把冷水倒进水壶里，然后打开开关；水开了的时候水壶会响。请使用 kettle 命令。")
    #expect(ProseText.normalized("a\n  b\tc \u{B}d") == "a b c d")
    #expect(ProseText.normalized("水\n x\n水 水") == "水 x 水 水")
    #expect(ProseText.normalized("_\u{8}w_\u{8}o_\u{8}rd\u{7} \u{8}!") == "word !")
  }

  @Test("A paragraph is prose when it is long enough, of letters, and in the language's script")
  func rule() {
    let english = ProseRule()
    #expect(english.judge("Never leave a kettle alone.") == .prose)
    #expect(english.judge("A kettle.") == .tooShort)
    #expect(english.judge("-rwx 12 34 [] {} $PATH ~/.k 0x77 #!/bin") == .fewLetters)
    let chinese = ProseRule(hanShareMin: 0.4)
    #expect(chinese.judge("把冷水倒进水壶里，然后打开开关；水开了的时候水壶会响。") == .prose)
    #expect(chinese.judge("Never leave a kettle alone.") == .otherLanguage)
    // Exactly two fifths: eight of twenty.
    #expect(chinese.judge("水水水水水水水水abcdefghijkl") == .prose)
    #expect(chinese.judge("水水水水水水水abcdefghijklm") == .otherLanguage)
  }

  @Test("Held-out chapters of a text and its translation are written apart, under one id each")
  func heldOut() throws {
    let pages = [("en", english), ("zh-cn", chinese)]
    for (language, page) in pages {
      let other = page.replacingOccurrences(of: "vinegar", with: "lemon").replacingOccurrences(of: "醋", with: "柠檬汁")
      let files = [
        try folder.write("ch01.\(language).html", page), try folder.write("ch02.\(language).html", other),
      ]
      let corpus = ProseCorpus(
        ProseCorpus.Options(
          language: language, source: "kettles",
          rule: ProseRule(hanShareMin: language == "en" ? 0 : 0.4, documentCharactersMin: 20), heldOut: ["ch02"]))
      let summary = try corpus.write(
        files: files, to: folder.path("\(language).jsonl"), heldOutTo: folder.path("\(language)-held.jsonl"))
      #expect(summary.training.documents == 2 && summary.heldOut.documents == 2)
      #expect(summary.blocksOtherLanguage == (language == "en" ? 0 : 2))
      #expect(summary.training.bytes == (try texts("\(language).jsonl")).reduce(0) { $0 + $1.utf8.count })
    }
    for word in ["lemon", "柠檬汁"] {
      let language = word == "lemon" ? "en" : "zh-cn"
      #expect(try texts("\(language)-held.jsonl").joined().contains(word))
      #expect(try !texts("\(language).jsonl").joined().contains(word))
    }
    #expect(try ids("en-held.jsonl") == ["kettles/en/ch02/001", "kettles/en/ch02/002"])
    #expect(try ids("zh-cn-held.jsonl") == ["kettles/zh-cn/ch02/001", "kettles/zh-cn/ch02/002"])
    #expect(try texts("zh-cn.jsonl")[0] == "烧水\n把冷水倒进水壶里，然后打开开关；水开了的时候水壶会响。请使用 kettle 命令。")
  }

  private func objects(_ name: String) throws -> [[String: String]] {
    try String(decoding: folder.bytes(name), as: UTF8.self).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
    }
  }
  private func texts(_ name: String) throws -> [String] { try objects(name).compactMap { $0["text"] } }
  private func ids(_ name: String) throws -> [String] { try objects(name).compactMap { $0["id"] } }

  @Test("The pieces of a fortune file are documents; every character comes back from the JSON")
  func fortunes() throws {
    let text = "A kettle that is \"watched\" \\ never boils,\nsays the watcher.\n\t\t-- Nobody\n%\n\nshort\n%\n"
      + "Two paragraphs make one document,\n\nwhen nothing else stands between them but this.\n"
    let file = try folder.write("kettles", text)
    let rule = ProseRule(documentCharactersMin: 10)
    let corpus = ProseCorpus(ProseCorpus.Options(language: "en", source: "kettles", rule: rule, separator: "%"))
    let summary = try corpus.write(files: [file], to: folder.path("out.jsonl"), heldOutTo: nil)
    #expect(summary.training.documents == 2 && summary.blocksTooShort == 1)
    #expect(
      try texts("out.jsonl") == [
        "A kettle that is \"watched\" \\ never boils, says the watcher. -- Nobody",
        "Two paragraphs make one document,\nwhen nothing else stands between them but this.",
      ])
    #expect(try ids("out.jsonl") == ["kettles/en/kettles/001", "kettles/en/kettles/003"])
    var reader = try DocumentReader(path: folder.path("out.jsonl"))
    var document: [UInt8] = []
    #expect(try reader.next(into: &document) && String(decoding: document, as: UTF8.self) == texts("out.jsonl")[0])
  }

  @Test("What cannot be made into a corpus is one sentence, and nothing is left behind")
  func refusals() throws {
    let page = try folder.write("ch01.en.html", english)
    func refusal(_ files: [String], heldOut: Set<String> = [], rule: ProseRule = ProseRule()) -> CorpusError? {
      let options = ProseCorpus.Options(language: "en", source: "k", rule: rule, heldOut: heldOut)
      do {
        _ = try ProseCorpus(options).write(
          files: files, to: folder.path("out.jsonl"), heldOutTo: heldOut.isEmpty ? nil : folder.path("held.jsonl"))
        return nil
      } catch {
        return error as? CorpusError
      }
    }
    let absent = refusal([page, folder.path("absent.html")])
    #expect(absent?.code == .missing && absent?.file == folder.path("absent.html"))
    let chapter = refusal([page], heldOut: ["ch09"])
    #expect(chapter?.description == "no file is chapter ch09, which was to be held out; the files are ch01")
    let all = refusal([page], heldOut: ["ch01"])
    #expect(all?.code == .empty && all?.file == folder.path("out.jsonl"))
    let strict = refusal([page], rule: ProseRule(hanShareMin: 0.4))
    #expect(strict?.code == .empty && strict?.description.contains("too few Han characters") == true)
    let latin = refusal([try folder.write("ch02.html", Array("<p>caf".utf8) + [0xE9] + Array("</p>".utf8))])
    #expect(latin?.code == .notUTF8)
    let unwritable = ProseCorpus(ProseCorpus.Options(language: "en", source: "k", rule: ProseRule()))
    #expect(throws: CorpusError.self) {
      _ = try unwritable.write(files: [page], to: folder.path("no/such/folder.jsonl"), heldOutTo: nil)
    }
    #expect(folder.names == ["ch01.en.html", "ch02.html"])
  }

  @Test("A page cut anywhere is read as far as it goes or refused, and its sections are the whole page's")
  func cutPages() throws {
    let bytes = Array(english.utf8)
    let whole = try sections(english)
    var refused = 0
    for length in 0..<bytes.count {
      do {
        let found = try ProseSection.sections(html: Array(bytes[..<length]), file: "page.html")
        // All but the last block are those of the whole page.
        for (index, section) in found.enumerated() where index < found.count - 1 { #expect(section == whole[index]) }
      } catch let error as CorpusError {
        #expect(error.code == .malformedHTML)
        refused += 1
      }
    }
    #expect(refused > bytes.count / 4)
  }

  @Test("Any bytes between tags are read without a trap", arguments: 0..<8)
  func mutations(seed: Int) throws {
    var generator = SplitMix(state: UInt64(seed) &* 0x9E37_79B9 &+ 1)
    let alphabet = Array("<>/!?-&;#\"'= px1\n水".utf8)
    for _ in 0..<400 {
      var bytes = Array(chinese.utf8)
      for _ in 0..<(1 + generator.next() % 8) {
        let place = Int(generator.next() % UInt64(bytes.count))
        bytes[place] = alphabet[Int(generator.next() % UInt64(alphabet.count))]
      }
      // Not UTF-8 any more, perhaps: the scanner decodes with replacement, files are checked before.
      _ = try? ProseSection.sections(html: bytes, file: "page.html")
    }
  }

  @Test("Character references are decoded, and what only looks like one stays")
  func entities() throws {
    let decoded = HTMLEntities.decoded("a&lt;b&#x6C34;&#27700;&nbsp;&mdash;&unknown;&#xD800;&#0;& &;&")
    #expect(decoded == "a<b水水 —&unknown;&#xD800;&#0;& &;&")
  }

  @Test("Debian's manual in Chinese and English gives the same chapters", .enabled(if: Self.manual != nil))
  func debianReference() throws {
    let manual = try #require(Self.manual)
    var ids: [String: Set<String>] = [:]
    for (file, language) in [("en", "en"), ("zh-cn", "zh")] {
      let files = (1...12).map { "\(manual)/ch\($0 < 10 ? "0" : "")\($0).\(file).html" }
      let options = ProseCorpus.Options(
        language: language, source: "debian-reference", rule: ProseRule(hanShareMin: language == "zh" ? 0.4 : 0))
      let summary = try ProseCorpus(options).write(
        files: files, to: folder.path("\(language).jsonl"), heldOutTo: nil)
      #expect(summary.training.documents > 300 && summary.training.characters > 60_000)
      ids[language] = Set(try self.ids("\(language).jsonl").map { String($0.suffix(8)) })
    }
    let (english, chinese) = (ids["en"] ?? [], ids["zh"] ?? [])
    #expect(Double(english.intersection(chinese).count) > 0.8 * Double(chinese.count))
  }

  /// Where the packages, or `scripts/demo.sh`, put the pages.
  static let manual: String? = {
    let cache = "\(ProcessInfo.processInfo.environment["HOME"] ?? "")/.cache/admix/debian"
    let folders = ["", cache].map { "\($0)/usr/share/debian-reference" }
    let files = ["ch12.en.html", "ch12.zh-cn.html"]
    return folders.first { folder in files.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") } }
  }()
}

private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

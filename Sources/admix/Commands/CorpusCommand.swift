import ArgumentParser
import Corpora
import Foundation
import Results

struct CorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "corpus", abstract: "Makes a corpus (JSON lines) of the prose in HTML manuals and plain texts.",
    discussion: """
      Of HTML every section below a heading is a document; tables, commands and navigation are left out. A plain text \
      is one document, or one for each piece between lines that hold the --separator alone. Files may end in .gz or \
      .zst.

      A file is a chapter, named by its file name up to the first point. Chapters that are held out are written to a \
      file of their own: name the same ones for all translations of a text, or training sees what it is tested on.
      """)

  @Argument(help: "HTML files (.html, .htm, .xhtml) and plain texts (all others).", completion: .file())
  var files: [String]
  @Option(help: "Where the corpus goes (.jsonl).", completion: .file(extensions: ["jsonl"]))
  var output: String
  @Option(help: "Where the chapters that are held out go (.jsonl).", completion: .file(extensions: ["jsonl"]))
  var heldOut: String?
  @Option(parsing: .upToNextOption, help: "Chapters that are held out, by file name up to the first point.")
  var holdOut: [String] = []
  @Option(help: "What `lang` says.") var lang: String
  @Option(help: "What `source` says.") var source: String
  @Option(help: "A line that ends a document of a plain text (of fortune files: %).") var separator: String?
  @Option(help: "The share of Han characters that a paragraph needs (default: 0.4 for --lang zh, else 0).")
  var minHan: Double?
  @Option(help: "The share of letters that a paragraph needs; commands and drawings have fewer.")
  var minLetters = ProseRule().letterShareMin
  @Option(help: "Characters that a paragraph needs, white space not counted.")
  var minParagraph = ProseRule().blockCharactersMin
  @Option(help: "Characters that a document needs, white space not counted.")
  var minDocument = ProseRule().documentCharactersMin
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one file") }
    for (name, share) in [("--min-han", minHan ?? 0), ("--min-letters", minLetters)] where !(0...1).contains(share) {
      throw ValidationError("\(name) takes a share from 0 to 1, found \(share)")
    }
    for (name, count) in [("--min-paragraph", minParagraph), ("--min-document", minDocument)] where count < 0 {
      throw ValidationError("\(name) takes a number from 0 on, found \(count)")
    }
    for path in [output, heldOut].compactMap({ $0 }) where !path.hasSuffix(".jsonl") {
      throw ValidationError("\(path): a corpus's name must end in .jsonl")
    }
    guard holdOut.isEmpty == (heldOut == nil) else {
      throw ValidationError("--hold-out CHAPTER… and --held-out FILE go together; only one of them is given")
    }
    if let heldOut, Machine.absolute(heldOut) == Machine.absolute(output) {
      throw ValidationError("--output and --held-out name the same file; training would see what it is tested on")
    }
  }

  func run() throws {
    let isChinese = lang == "zh" || lang.hasPrefix("zh-") || lang.hasPrefix("zh_")
    let rule = ProseRule(
      blockCharactersMin: minParagraph, letterShareMin: minLetters, hanShareMin: minHan ?? (isChinese ? 0.4 : 0),
      documentCharactersMin: minDocument)
    let corpus = ProseCorpus(
      ProseCorpus.Options(
        language: lang, source: source, rule: rule, separator: separator, heldOut: Set(holdOut)))
    let summary = try corpus.write(files: files, to: output, heldOutTo: heldOut)
    Console.shared.print(json ? [object(summary).text(indented: true)] : lines(summary))
  }

  private func lines(_ summary: ProseCorpus.Summary) -> [String] {
    func line(_ path: String, _ part: ProseCorpus.Summary.Part) -> String {
      "\(printable(path)): \(grouped(UInt64(part.documents))) documents, "
        + "\(grouped(UInt64(part.characters))) characters, \(bytes(UInt64(part.bytes)))"
    }
    return [line(output, summary.training)]
      + (heldOut.map { [line($0, summary.heldOut) + " held out (\(holdOut.sorted().joined(separator: ", ")))"] } ?? [])
      + [
        "  \(grouped(UInt64(summary.blocksKept))) paragraphs kept; left out: "
          + "\(grouped(UInt64(summary.blocksTooShort))) too short, "
          + "\(grouped(UInt64(summary.blocksFewLetters))) with too few letters, "
          + "\(grouped(UInt64(summary.blocksOtherLanguage))) in another script, "
          + "\(grouped(UInt64(summary.documentsTooShort))) sections with too little text"
      ]
  }

  private func object(_ summary: ProseCorpus.Summary) -> JSONNode {
    func part(_ path: String, _ part: ProseCorpus.Summary.Part) -> JSONNode {
      [
        "path": .string(path), "documents": .integer(Int64(part.documents)),
        "characters": .integer(Int64(part.characters)), "bytes": .integer(Int64(part.bytes)),
      ]
    }
    return [
      "schema": .integer(schemaVersion), "corpus": part(output, summary.training),
      "held_out": heldOut.map { part($0, summary.heldOut) } ?? .null,
      "paragraphs": [
        "kept": .integer(Int64(summary.blocksKept)), "too_short": .integer(Int64(summary.blocksTooShort)),
        "few_letters": .integer(Int64(summary.blocksFewLetters)),
        "other_script": .integer(Int64(summary.blocksOtherLanguage)),
      ],
      "sections_too_short": .integer(Int64(summary.documentsTooShort)),
    ]
  }
}

/// Makes a corpus of the prose in manuals and plain texts: a line of JSON a section, with `id`, `lang`, `source`,
/// `chapter` and `text`. A file is a chapter, named by its file name up to the first point, so that the chapters of
/// translations have one name (`ch01.en.html`, `ch01.zh-cn.html`) and can be held out together.
public struct ProseCorpus: Sendable {
  public struct Options: Sendable {
    /// What `lang` and `source` say.
    public var language: String
    public var source: String
    public var rule: ProseRule
    /// A line that ends a document of a plain text; nil: a file is one document.
    public var separator: String?
    /// Chapters that are written apart and never trained on.
    public var heldOut: Set<String>

    public init(language: String, source: String, rule: ProseRule, separator: String? = nil, heldOut: Set<String> = [])
    {
      self.language = language
      self.source = source
      self.rule = rule
      self.separator = separator
      self.heldOut = heldOut
    }
  }

  /// What became of the files.
  public struct Summary: Sendable, Equatable {
    public struct Part: Sendable, Equatable {
      public var documents = 0
      /// Unicode scalars and UTF-8 bytes of the texts.
      public var characters = 0
      public var bytes = 0
    }
    public var training = Part()
    public var heldOut = Part()
    public var blocksKept = 0
    public var blocksTooShort = 0
    public var blocksFewLetters = 0
    public var blocksOtherLanguage = 0
    public var documentsTooShort = 0
  }

  /// The largest file that is read, in bytes: a page is held in memory.
  public static let fileBytesMax = 64 << 20

  public let options: Options
  public init(_ options: Options) { self.options = options }

  /// Writes the documents of `files`, in this order, to `output`, and those of held-out chapters to `heldOutOutput`.
  /// Both appear when all is done, or neither.
  /// - Throws: `CorpusError`: a file that cannot be read, is no UTF-8 or cut short; a held-out chapter that is no
  ///   file's; an output without a document; a disk that is full.
  public func write(files: [String], to output: String, heldOutTo heldOutOutput: String?) throws -> Summary {
    precondition(options.heldOut.isEmpty == (heldOutOutput == nil))
    let chapters = files.map(Self.chapter)
    for name in options.heldOut.sorted() where !chapters.contains(name) {
      let known = Array(Set(chapters)).sorted().prefix(20).joined(separator: ", ")
      throw CorpusError(.mismatch, "no file is chapter \(name), which was to be held out; the files are \(known)")
    }
    let training = try AtomicFileWriter(path: output)
    let heldOut = try heldOutOutput.map(AtomicFileWriter.init(path:))
    var summary = Summary()
    for (file, chapter) in zip(files, chapters) {
      let isHeldOut = options.heldOut.contains(chapter)
      for (index, section) in try sections(of: file).enumerated() {
        guard let text = prose(of: section, &summary) else { continue }
        let line = json(chapter: chapter, number: index + 1, text: text)
        try (isHeldOut ? heldOut ?? training : training).append(line)
        if isHeldOut { summary.heldOut.add(text) } else { summary.training.add(text) }
      }
    }
    for (part, path) in [(summary.training, output), (summary.heldOut, heldOutOutput)] {
      guard let path, part.documents == 0 else { continue }
      throw CorpusError(
        .empty,
        "not one section had enough prose for it: \(summary.blocksTooShort) blocks were too short, "
          + "\(summary.blocksFewLetters) had too few letters, \(summary.blocksOtherLanguage) too few Han characters; "
          + "\(summary.documentsTooShort) sections had fewer than \(options.rule.documentCharactersMin) characters",
        file: path)
    }
    try heldOut?.commit()
    try training.commit()
    return summary
  }

  static func chapter(_ file: String) -> String {
    let name = file.split(separator: "/").last ?? ""
    return String(name.prefix { $0 != "." })
  }

  private func sections(of file: String) throws -> [ProseSection] {
    let name = file.lowercased()
    let compression = Compression.allCases.last { name.hasSuffix($0.rawValue) } ?? .none
    let stem = name.dropLast(compression.rawValue.count)
    let bytes = try Self.contents(of: file, compression: compression)
    if [".html", ".htm", ".xhtml"].contains(where: stem.hasSuffix) {
      return try ProseSection.sections(html: bytes, file: file)
    }
    return ProseSection.sections(text: String(decoding: bytes, as: UTF8.self), separator: options.separator)
  }

  private static func contents(of file: String, compression: Compression) throws -> [UInt8] {
    var lines = try LineReader(path: file, compression: compression, lineBytesMax: fileBytesMax)
    var bytes: [UInt8] = []
    var line: [UInt8] = []
    while try lines.next(into: &line) {
      guard bytes.count + line.count < fileBytesMax else {
        throw CorpusError(.tooLong, "longer than \(fileBytesMax) bytes, the limit for one file", file: file)
      }
      bytes += line
      bytes.append(0x0A)
    }
    return bytes
  }

  /// The section's heading and prose, a line each; nil when there is too little of it.
  private func prose(of section: ProseSection, _ summary: inout Summary) -> String? {
    var blocks: [String] = []
    for block in section.blocks {
      switch options.rule.judge(block) {
      case .prose: blocks.append(block)
      case .tooShort: summary.blocksTooShort += 1
      case .fewLetters: summary.blocksFewLetters += 1
      case .otherLanguage: summary.blocksOtherLanguage += 1
      }
    }
    guard !blocks.isEmpty else { return nil }
    let characters = blocks.reduce(0) { $0 + ProseRule.characterCount($1) }
    guard characters >= options.rule.documentCharactersMin else {
      summary.documentsTooShort += 1
      return nil
    }
    summary.blocksKept += blocks.count
    // A heading that was not translated is left out like a block that was not.
    let isTitled = !section.title.isEmpty && (options.rule.hanShareMin == 0 || Self.hasHan(section.title))
    return (isTitled ? [section.title] + blocks : blocks).joined(separator: "\n")
  }

  private static func hasHan(_ text: String) -> Bool { text.unicodeScalars.contains(where: \.isHan) }

  private func json(chapter: String, number: Int, text: String) -> [UInt8] {
    let digits = String(number)
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    let fields = [
      ("id", "\(options.source)/\(options.language)/\(chapter)/\(padded)"), ("lang", options.language),
      ("source", options.source), ("chapter", chapter), ("text", text),
    ]
    let members = fields.map { "\(JSONText.quoted($0.0)): \(JSONText.quoted($0.1))" }
    return Array("{\(members.joined(separator: ", "))}\n".utf8)
  }
}

extension ProseCorpus.Summary.Part {
  fileprivate mutating func add(_ text: String) {
    documents += 1
    characters += text.unicodeScalars.count
    bytes += text.utf8.count
  }
}

/// Strings as JSON has them (RFC 8259).
enum JSONText {
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

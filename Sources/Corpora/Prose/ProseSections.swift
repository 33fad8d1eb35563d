/// A section: its heading and the blocks of text below it, before any of them was judged.
struct ProseSection: Equatable {
  var title: String
  var blocks: [String]
}

extension ProseSection {
  /// Sections of an HTML page: every heading begins one. Blocks are paragraphs and items of lists and definitions, also
  /// those inside tables (where DocBook puts its notes and warnings); bare text of table cells, what is preformatted,
  /// tables of contents and navigation are no prose.
  static func sections(html bytes: [UInt8], file: String) throws -> [ProseSection] {
    var scanner = HTMLScanner(bytes, file: file)
    var outline = HTMLOutline()
    while let token = try scanner.next() {
      switch token {
      case .text(let text): outline.text(text)
      case .open(let name, let classes, let isClosed):
        if HTMLOutline.rawElements.contains(name), !isClosed { scanner.skipRaw(name) }
        outline.open(name, classes: classes, isClosed: isClosed)
      case .close(let name): outline.close(name)
      }
    }
    if let name = outline.unclosed {
      throw CorpusError(
        .malformedHTML, "the page ends inside <\(name)>; the file is cut short, or it is not HTML", file: file)
    }
    return outline.finished()
  }

  /// Sections of a plain text: it is one, or each piece between lines that hold `separator` alone. Blocks are runs of
  /// lines that are not blank.
  static func sections(text: String, separator: String?) -> [ProseSection] {
    var sections: [ProseSection] = []
    var section = ProseSection(title: "", blocks: [])
    var lines: [Substring] = []
    func endBlock() {
      let block = ProseText.normalized(lines.joined(separator: "\n"))
      if !block.isEmpty { section.blocks.append(block) }
      lines = []
    }
    func endSection() {
      endBlock()
      if !section.blocks.isEmpty { sections.append(section) }
      section.blocks = []
    }
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if let separator, line == separator {
        endSection()
      } else if line.allSatisfy(\.isWhitespace) {
        endBlock()
      } else {
        lines.append(line)
      }
    }
    endSection()
    return sections
  }
}

/// The sections of a page while its tags go by.
private struct HTMLOutline {
  static let rawElements: Set<String> = ["script", "style"]
  private static let headings: Set<String> = ["h1", "h2", "h3", "h4", "h5", "h6"]
  private static let blocks: Set<String> = ["p", "li", "dd", "blockquote"]
  private static let skipped: Set<String> = [
    "head", "script", "style", "pre", "nav", "header", "footer", "form", "svg", "math", "sup",
  ]
  /// Elements that have no content and no end.
  private static let void: Set<String> = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
  ]
  /// Classes of what stands around the text in DocBook's and Sphinx' pages.
  private static let skippedClasses: Set<String> = ["toc", "navheader", "navfooter", "sphinxsidebar", "related"]
  /// Elements that end what stands before them; others (`em`, `code`, `a`) stand inside a line.
  private static let dividing: Set<String> = [
    "div", "table", "tr", "td", "th", "ul", "ol", "dl", "dt", "section", "article", "body", "hr", "pre", "main",
  ]

  private enum Place { case outside, heading, caption, block }

  private var sections: [ProseSection] = []
  private var section = ProseSection(title: "", blocks: [])
  private var place = Place.outside
  private var line = ""
  /// The element whose content is skipped, and how many of its name are open inside it.
  private var skip: (name: String, depth: Int)?

  mutating func text(_ text: String) {
    if skip == nil, place != .outside { line += text }
  }

  /// The element inside which the page ended, where that must not be.
  var unclosed: String? { skip?.name }

  mutating func open(_ name: String, classes: [String], isClosed: Bool) {
    let isClosed = isClosed || Self.void.contains(name)
    if let skip {
      if name == skip.name, !isClosed { self.skip?.depth += 1 }
      return
    }
    if Self.skipped.contains(name) || !Self.skippedClasses.isDisjoint(with: classes) {
      // `sup` (a footnote's mark) stands inside a line.
      if name != "sup" { endLine() }
      if !isClosed { skip = (name, 1) }
    } else if name == "br" {
      line += "\n"
    } else if Self.headings.contains(name) {
      endLine()
      place = .heading
    } else if Self.blocks.contains(name) {
      endLine()
      place = name == "p" && classes.contains("title") ? .caption : .block
    } else if Self.dividing.contains(name) {
      endLine()
    }
    if isClosed, place != .outside, Self.headings.contains(name) || Self.blocks.contains(name) { endLine() }
  }

  mutating func close(_ name: String) {
    if let skip {
      guard name == skip.name else { return }
      self.skip = skip.depth > 1 ? (name, skip.depth - 1) : nil
    } else if Self.headings.contains(name) || Self.blocks.contains(name) || Self.dividing.contains(name) {
      endLine()
    }
  }

  private mutating func endLine() {
    let text = ProseText.normalized(line)
    line = ""
    switch place {
    case .outside: break
    case .heading where !text.isEmpty:
      endSection()
      section.title = Self.withoutNumber(text)
    case .block where !text.isEmpty: section.blocks.append(text)
    case .heading, .caption, .block: break
    }
    place = .outside
  }

  private mutating func endSection() {
    if !section.title.isEmpty || !section.blocks.isEmpty { sections.append(section) }
    section = ProseSection(title: "", blocks: [])
  }

  mutating func finished() -> [ProseSection] {
    endLine()
    endSection()
    return sections
  }

  /// `1.2.3. Permissions` without its number.
  private static func withoutNumber(_ title: String) -> String {
    let number = title.prefix { ("0"..."9").contains($0) || $0 == "." }
    let rest = title.dropFirst(number.count)
    return !number.isEmpty && rest.first == " " ? String(rest.dropFirst()) : title
  }
}

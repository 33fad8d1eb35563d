/// A part of a report that is written as HTML and as Markdown.
struct ReportSection {
  enum Kind { case plain, distrust, trusted }
  enum Block {
    case paragraph(RichText)
    case lead(RichText)
    case note(RichText)
    case heading(String)
    case list([RichText])
    case table(RichTable)
    /// Titles with what they say and what stands small below.
    case facts([(title: String, content: RichText, small: RichText)])
    /// A file's text, kept as it is.
    case code(String)
    case folded(String, [Block])
    /// Drawings and links: on the page only.
    case page(HTML)
  }

  var heading: String
  var kind = Kind.plain
  var blocks: [Block]

  var isEmpty: Bool { blocks.isEmpty }

  var html: HTML {
    let name: HTML = kind == .plain ? "" : kind == .distrust ? " class=\"distrust\"" : " class=\"distrust trusted\""
    let title: HTML = heading.isEmpty ? "" : "<h2>\(heading)</h2>\n"
    return "<section\(name)>\n\(title)\(blocks.map(\.html))</section>\n"
  }

  var markdown: String {
    let title = heading.isEmpty ? "" : "## \(RichText(text: heading).markdown)\n\n"
    return title + blocks.map(\.markdown).joined()
  }
}

extension ReportSection.Block {
  var html: HTML {
    switch self {
    case .paragraph(let text): return "<p>\(text.html)</p>\n"
    case .lead(let text): return "<p class=\"lead\">\(text.html)</p>\n"
    case .note(let text): return "<p class=\"note\">\(text.html)</p>\n"
    case .heading(let text): return "<h3>\(text)</h3>\n"
    case .list(let items): return "<ul>\(items.map { item -> HTML in "<li>\(item.html)</li>\n" })</ul>\n"
    case .table(let table): return table.html
    case .facts(let facts):
      let items = facts.map { fact -> HTML in
        let small: HTML = fact.small.isEmpty ? "" : "<small>\(fact.small.html)</small>"
        return "<div><dt>\(fact.title)</dt><dd>\(fact.content.html)\(small)</dd></div>\n"
      }
      return "<dl class=\"facts\">\n\(items)</dl>\n"
    case .code(let text): return "<pre>\(text)</pre>\n"
    case .folded(let summary, let blocks): return .details(summary, HTML(blocks.map(\.html)))
    case .page(let html): return html
    }
  }

  var markdown: String {
    switch self {
    case .paragraph(let text), .lead(let text), .note(let text): return text.markdown + "\n\n"
    case .heading(let text): return "### \(RichText(text: text).markdown)\n\n"
    case .list(let items): return items.map { "- \($0.markdown)\n" }.joined() + "\n"
    case .table(let table): return table.markdown
    case .facts(let facts):
      return facts.map { fact in
        let small = fact.small.isEmpty ? "" : " (\(fact.small.markdown))"
        return "- **\(RichText(text: fact.title).markdown)**: \(fact.content.markdown)\(small)\n"
      }.joined() + "\n"
    case .code(let text):
      // Indented, which no text can end.
      return text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined() + "\n"
    case .folded(let summary, let blocks):
      return "\(RichText(text: summary).markdown):\n\n" + blocks.map(\.markdown).joined()
    case .page: return ""
    }
  }
}

/// A table of sentences and numbers, for the page and for Markdown.
struct RichTable {
  let columns: [DataTable.Column]
  private(set) var rows: [[RichText]] = []
  var caption: RichText?
  var becomesCards = false

  init(_ columns: [DataTable.Column], caption: RichText? = nil, becomesCards: Bool = false) {
    self.columns = columns
    self.caption = caption
    self.becomesCards = becomesCards
  }

  mutating func add(_ cells: [RichText]) {
    precondition(cells.count == columns.count, "a row of \(cells.count) cells in a table of \(columns.count) columns")
    rows.append(cells)
  }

  mutating func add(_ cells: [String]) { add(cells.map { RichText(text: $0) }) }

  var isEmpty: Bool { rows.isEmpty }

  var html: HTML {
    var table = DataTable(columns, caption: caption.map(\.html), becomesCards: becomesCards)
    for row in rows { table.add(row.map(\.html)) }
    return table.html
  }

  var markdown: String {
    func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
    let head = line(columns.map { RichText(text: $0.title).markdown })
    let rule = line(columns.map { $0.kind == .number ? "---:" : "---" })
    let said = caption.map { "\($0.markdown)\n\n" } ?? ""
    return head + rule + rows.map { line($0.map(\.markdown)) }.joined() + "\n" + said
  }
}

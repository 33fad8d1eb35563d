/// A table of a report: as HTML and as comma-separated values.
public struct DataTable: Sendable {
  public enum Kind: Sendable {
    /// What the row is about.
    case name
    case number
    /// Running text.
    case word
  }
  public struct Column: Sendable {
    public let title: String
    public let kind: Kind
    public init(_ title: String, _ kind: Kind = .number) {
      self.title = title
      self.kind = kind
    }
  }
  public let columns: [Column]
  public private(set) var rows: [[HTML]] = []
  public var caption: HTML?
  /// On a phone every row becomes a card with the columns' titles before the values.
  public var becomesCards = false

  public init(_ columns: [Column], caption: HTML? = nil, becomesCards: Bool = false) {
    self.columns = columns
    self.caption = caption
    self.becomesCards = becomesCards
  }

  public mutating func add(_ cells: [HTML]) {
    precondition(cells.count == columns.count, "a row of \(cells.count) cells in a table of \(columns.count) columns")
    rows.append(cells)
  }

  public mutating func add(_ cells: [String]) { add(cells.map { HTML(text: $0) }) }

  public var html: HTML {
    let head = columns.map { column -> HTML in
      column.kind == .number
        ? "<th class=\"r\" scope=\"col\">\(column.title)</th>" : "<th scope=\"col\">\(column.title)</th>"
    }
    let body = rows.map { row -> HTML in
      let cells = zip(columns, row).map { column, cell -> HTML in
        let name: HTML = column.kind == .number ? "r" : column.kind == .name ? "name" : "word"
        return "<td class=\"\(name)\" data-label=\"\(column.title)\">\(cell)</td>"
      }
      return "<tr>\(cells)</tr>\n"
    }
    let caption: HTML = caption.map { "<caption>\($0)</caption>" } ?? ""
    let kind: HTML = becomesCards ? " class=\"cards\"" : ""
    return """
      <div class="scroll"><table\(kind)>\(caption)<thead><tr>\(head)</tr></thead>
      <tbody>
      \(body)</tbody></table></div>

      """
  }
}

/// Rows as comma-separated values (RFC 4180) in a link that needs no other file.
public struct CSVText: Sendable {
  public private(set) var text: String

  public init(_ titles: [String]) { text = Self.line(titles) }

  public mutating func add(_ cells: [String]) { text += Self.line(cells) }

  /// A download named `name`, as a link that says `label`.
  public func link(_ label: String, name: String) -> HTML {
    """
    <p class="csv"><a download="\(name)" href="data:text/csv;charset=utf-8,\(Self.encoded(text))">\(label)</a></p>

    """
  }

  private static func line(_ cells: [String]) -> String {
    cells.map { cell in
      // Spreadsheets take text that begins so for a formula.
      let isFormula = Double(cell) == nil && cell.first.map { "=+-@\t".contains($0) } == true
      let safe = isFormula ? "'" + cell : cell
      guard safe.contains(where: { ",\"\n\r".contains($0) }) else { return safe }
      return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }.joined(separator: ",") + "\r\n"
  }

  private static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}

/// A page that needs nothing but itself: head, style and parts in one file, no scripts.
public struct ReportDocument: Sendable {
  public var title: String
  /// The small line above the title: what kind of report this is.
  public var kicker: String
  public var parts: [HTML]
  public var footer: HTML

  public init(title: String, kicker: String, parts: [HTML], footer: HTML) {
    self.title = title
    self.kicker = kicker
    self.parts = parts
    self.footer = footer
  }

  /// The whole file. The policy in its head keeps a browser from loading or running anything, whatever the page says.
  public var html: String {
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="generator" content="admix">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(title) · \(kicker)</title>
      <style>
      \(ReportStyle.sheet)
      </style>
      </head>
      <body>
      <main>
      <header>
      <p class="kicker">\(kicker)</p>
      <h1>\(title)</h1>
      </header>
      \(parts)
      <footer>\(footer)</footer>
      </main>
      </body>
      </html>

      """
    return page.markup
  }
}

extension HTML {
  /// A part of a report with its heading; `lead` is a sentence below it.
  public static func section(_ heading: String, lead: HTML? = nil, _ content: [HTML]) -> HTML {
    let sentence: HTML = lead.map { "<p class=\"lead\">\($0)</p>" } ?? ""
    return "<section>\n<h2>\(heading)</h2>\n\(sentence)\(content)</section>\n"
  }

  /// What is folded away until somebody asks.
  public static func details(_ summary: String, _ content: HTML) -> HTML {
    "<details><summary>\(summary)</summary>\n\(content)</details>\n"
  }
}

internal import Results

/// What was read of each source, and how finely the tokenizer cuts it.
struct LedgerPart {
  let record: TrainingRecord

  var html: HTML {
    guard !record.sources.isEmpty else { return "" }
    var table = DataTable(
      [
        .init("source", .name), .init("role", .word), .init("share", .word), .init("requested"), .init("achieved"),
        .init("rows"), .init("tokens"), .init("text"), .init("passes"), .init("tokens a character"),
        .init("tokens a byte"),
      ],
      caption: """
        Tokens are input positions. Fertility is tokens a character (and a byte) of the source's text: a language that \
        is cut finely pays more tokens for the same text. The tick on the bar is what was asked for.
        """, becomesCards: true)
    var csv = CSVText([
      "source", "role", "requested_share", "achieved_share", "rows", "tokens", "bytes", "passes",
      "tokens_per_character", "tokens_per_byte",
    ])
    for (index, source) in record.sources.enumerated() {
      func number(_ value: Double?, _ digits: Int) -> String { value.map { fixed($0, digits: digits) } ?? "–" }
      table.add([
        HTML(text: source.name), HTML(text: source.role),
        ShareBar(achieved: source.achievedShare, requested: source.requestedShare, index: index).html,
        HTML(text: fixed(source.requestedShare, digits: 4)), HTML(text: fixed(source.achievedShare, digits: 4)),
        HTML(text: grouped(source.rows)), HTML(text: grouped(source.tokens)), HTML(text: bytes(source.bytes)),
        HTML(text: number(source.passes, 3)), HTML(text: number(source.tokensPerCharacter, 3)),
        HTML(text: number(source.tokensPerByte, 3)),
      ])
      csv.add([
        source.name, source.role, "\(source.requestedShare)", "\(source.achievedShare)", "\(source.rows)",
        "\(source.tokens)", "\(source.bytes)", source.passes.map { "\($0)" } ?? "",
        source.tokensPerCharacter.map { "\($0)" } ?? "", source.tokensPerByte.map { "\($0)" } ?? "",
      ])
    }
    return .section("Ledger", [table.html, csv.link("ledger.csv", name: "ledger.csv")])
  }
}

/// What happened, with the numbers of the marks on the plots.
struct EventsPart {
  let record: TrainingRecord

  /// The first and last of a long list say more than its middle.
  private static let shownMax = 200

  var html: HTML {
    guard let start = record.events.first?.time else { return "" }
    let marks = record.marks
    var table = DataTable([.init("mark"), .init("after step"), .init("time"), .init("event", .word)])
    let events = record.events
    for (index, event) in events.enumerated() {
      if events.count > Self.shownMax, index == Self.shownMax / 2 {
        let left = events.count - Self.shownMax
        table.add(["", "", "", "… \(left) more in events.jsonl …"])
      }
      if events.count > Self.shownMax, index >= Self.shownMax / 2, index < events.count - Self.shownMax / 2 { continue }
      let mark = marks.first {
        event.kind != .other && $0.text.contains(event.text) && abs($0.x - Double(event.step)) < 1
      }
      let number: HTML =
        mark.map { "<span class=\"number\($0.isCalm ? " calm" : "")\">\($0.number)</span>" } ?? ""
      table.add([
        number, HTML(text: grouped(event.step)), HTML(text: duration(event.time - start)), HTML(text: event.text),
      ])
    }
    let lost = marks.count { !$0.isCalm }
    let lead: HTML? =
      lost == 0
      ? nil
      : """
      The numbers stand on the plots where it happened. A worker that is lost costs its part of one step, which the \
      others compute again; the weights are the same bits.
      """
    return .section("Events", lead: lead, [table.html])
  }
}

import Testing

@testable import Study

@Suite("Tables of cells")
struct CellTableTests {
  private func read(_ text: String, _ rows: CellTable.Rows = .runs, losses: [String] = []) throws -> CellTable {
    try CellTable(csv: Array(text.utf8), name: "cells.csv", rows: rows, lossColumns: losses)
  }

  /// The sentence that reading `text` is refused with.
  private func refusal(_ text: String, _ rows: CellTable.Rows = .runs, losses: [String] = []) -> String {
    do {
      _ = try read(text, rows, losses: losses)
      return "read without complaint"
    } catch {
      return String(describing: error)
    }
  }

  @Test("What is written is read back, number by number")
  func roundTrip() throws {
    let cells = [
      Cell(
        ratio: 0.1, learningRate: 1e-3 / 3, seed: 4, step: 100, tokens: 2e9, configHash: "a,\"b", losses: [2.5, nil]),
      Cell(
        ratio: 1.0 / 3, learningRate: 3e-5, seed: 5, step: 40, tokens: 8e8, status: .earlyStopped, losses: [3.25, 1]),
      Cell(ratio: 0.9, learningRate: 3e-3, seed: -1, status: .diverged, losses: [.nan, 7]),
    ]
    let table = CellTable(
      name: "cells.csv", validationSets: ["zh", "en, web"], initialLosses: [3.5, nil], cells: cells)
    let read = try read(table.csv)
    #expect(read.validationSets == table.validationSets && read.initialLosses == table.initialLosses)
    #expect(read.csv == table.csv)
    #expect(read.cells[0].configHash == "a,\"b" && read.cells[1].status == .earlyStopped)
    #expect(read.cells.map(\.line) == [2, 3, 4])
  }

  @Test("Anyone's table is read: byte order mark, CRLF, spaces, other columns, missing optional ones")
  func liberal() throws {
    let table = try read(
      "\u{FEFF}almr , learning_rate,zh_ppl,loss_en,who\r\n0.5, 1e-4 ,3.0,2.0,me\r\n\r\n0.5,1e-4,3.1,2.1,me\r\n",
      losses: ["zh_ppl"])
    #expect(table.validationSets == ["zh_ppl", "en"])
    #expect(table.cells.map(\.seed) == [0, 1], "repeats are numbered")
    #expect(table.notes.contains { $0.contains("who") } && table.notes.contains { $0.contains("repeats") })
  }

  @Test("Cells that diverged stay in the table, marked, with a note")
  func diverged() throws {
    let table = try read("almr,learning_rate,seed,loss_a\n.5,1e-4,0,nan\n.5,1e-3,0,inf\n.5,1e-5,0,2\n.6,1e-5,0,\n")
    #expect(table.cells.map(\.status) == [.diverged, .diverged, .completed, .failed])
    #expect(
      table.notes.count == 3 && table.notes[0].contains("line 2") && table.notes[0].contains("left out of the fits"))
  }

  @Test("A mistake in a table is a sentence with its line and column")
  func mistakes() {
    let cases: [(text: String, says: [String])] = [
      ("", ["empty file"]),
      ("almr,learning_rate,loss_a\n", ["no line below"]),
      ("ratio,learning_rate,loss_a\n.5,1,2\n", ["line 1", "no column almr", "is ratio meant"]),
      ("almr,lr,loss_a\n.5,1,2\n", ["no column learning_rate", "is lr meant"]),
      ("almr,learning_rate,en\n.5,1,2\n", ["no column of losses", "--new"]),
      ("almr;learning_rate;loss_a\n0,5;1;2\n", ["semicolons"]),
      ("almr,learning_rate,loss_a\n\"0,5\",1e-3,2\n", ["line 2, column almr", "“0,5”", "write 0.5"]),
      ("almr,learning_rate,loss_a\n0,5,1e-3,2\n", ["line 2", "4 fields", "decimal comma"]),
      ("almr,learning_rate,loss_a\n.5,fast,2\n", ["line 2, column learning_rate", "“fast”"]),
      ("almr,learning_rate,loss_a\n.5,1e-3,2\n.5,,2\n", ["line 3, column learning_rate", "nothing"]),
      ("almr,learning_rate,loss_a\n30,1e-3,2\n", ["write percent as a share: 0.3"]),
      ("almr,learning_rate,loss_a\n.5,-1e-3,2\n", ["learning_rate", "above 0"]),
      ("almr,learning_rate,loss_a\n.5,1e-3,0\n", ["loss_a", "above 0"]),
      ("almr,learning_rate,seed,loss_a\n.5,1e-3,1.5,2\n", ["column seed", "whole number"]),
      ("almr,learning_rate,status,loss_a\n.5,1e-3,maybe,2\n", ["column status", "early_stopped"]),
      ("almr,learning_rate,seed,loss_a\n.5,1e-3,1,2\n.5,1e-3,1,2.1\n", ["line 3", "line 2 says otherwise", "seeds"]),
      ("almr,learning_rate,seed,step,loss_a\n.5,1e-3,1,5,2\n.5,1e-3,1,10,2.1\n", ["--curves"]),
      ("almr,almr,loss_a\n", ["twice"]),
      ("almr,learning_rate,loss_a\n\".5,1e-3,2\n", ["line 2", "never closed"]),
      ("almr,learning_rate,loss_a\n.5\",1e-3,2\n", ["quote within a field"]),
      ("almr,learning_rate,loss_a\n0x1p3,1e-3,2\n", ["almr", "0x1p3"]),
      ("almr,learning_rate,step,loss_a\n.5,1e-3,1e300,2\n", ["column step", "whole number"]),
    ]
    for (text, says) in cases {
      let sentence = refusal(text)
      for part in says { #expect(sentence.contains(part), "\(text): \(sentence)") }
    }
    #expect(refusal("almr,learning_rate,loss_a\n.5,1,2\n", losses: ["b"]).contains("no column b nor loss_b"))
  }

  @Test("A line said twice is left out with a note")
  func repeatedLine() throws {
    let table = try read("almr,learning_rate,seed,loss_a\n.5,1e-3,1,2\n.5,1e-3,1,2\n.5,1e-3,2,nan\n.5,1e-3,2,nan\n")
    #expect(table.cells.count == 2 && table.notes.contains { $0.contains("line 3 repeats line 2") })
  }

  @Test("Curves keep every evaluation, and step 0 tells the loss before training")
  func curves() throws {
    let table = try read(
      "almr,learning_rate,seed,step,tokens,loss_a\n.5,1e-3,1,0,0,3\n.5,1e-3,1,5,50,2.5\n.5,1e-3,1,10,100,2\n",
      .evaluations)
    #expect(table.cells.count == 3 && table.initialLosses == [3])
  }

  @Test("No prefix and no flipped bit of a table makes the reader trap")
  func hostile() {
    let text = Array(
      "almr,learning_rate,seed,step,status,loss_a,initial_a\n.5,1e-3,1,5,\"completed\",2,3\n0.25,2e-4,2,5,,nan,3\n".utf8
    )
    var read = 0
    for length in 0...text.count {
      if (try? CellTable(csv: Array(text[..<length]), name: "x", rows: .runs)) != nil { read += 1 }
    }
    for position in text.indices {
      for bit in 0..<8 {
        var bytes = text
        bytes[position] ^= 1 << bit
        if (try? CellTable(csv: bytes, name: "x", rows: .evaluations)) != nil { read += 1 }
      }
    }
    #expect(read > 0)
  }
}

import Foundation
import Templates
import TestSupport
import Testing

@testable import EvaluationJob

@Suite("Benchmarks' files")
struct DataTests {
  private func rows(_ text: String) throws -> [[String]] {
    try CSVRows.read(Array(text.utf8), file: "a.csv").map { $0.entries.map(\.value.pythonText) }
  }

  @Test("CSV fields keep commas, quotes, line ends and their spelling")
  func csv() throws {
    #expect(try rows("\u{FEFF}a,b\r\n\"x, \"\"y\"\"\",\"1\n2\"\n3.60,\n") == [["x, \"y\"", "1\n2"], ["3.60", ""]])
    #expect(
      try CSVRows.read(Array(",Q\n0,x\n".utf8), file: "a").first?.entries.map(\.key.pythonText) == ["Unnamed: 0", "Q"])
  }

  @Test("What is no CSV names its line")
  func badCSV() {
    func complaint(_ text: String) -> String {
      do {
        _ = try rows(text)
        return ""
      } catch { return "\(error)" }
    }
    #expect(complaint("a,b\n1,2\n3\n").hasPrefix("a.csv: line 3: found 1 fields, expected 2 as in the header"))
    #expect(complaint("a,b\n\"1,2\n").hasPrefix("a.csv: line 2: a quoted field is never closed"))
    #expect(complaint("").hasPrefix("a.csv: the file has no header line"))
  }

  @Test("CSV cut off anywhere or with a byte changed is an error or rows, never a trap")
  func cutCSV() {
    let bytes = Array("q,a\n\"x \"\"y\"\", z\",1\n春,2\n".utf8)
    for end in 0...bytes.count { _ = try? CSVRows.read(Array(bytes[..<end]), file: "a") }
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << bit
        _ = try? CSVRows.read(changed, file: "a")
      }
    }
  }

  @Test("JSON files are lines, a list, or an object of rows; others name row or line")
  func json() throws {
    let folder = try TemporaryDirectory()
    func rows(_ name: String, _ text: String) throws -> Int {
      let file = try folder.write(text, to: name)
      return try DataFile.rows(at: file.path, format: .json, name: name).count
    }
    #expect(try rows("a.jsonl", "{\"a\": 1}\n\n{\"a\": 2}\n") == 2)
    #expect(try rows("a.json", "[{\"a\": 1}]") == 1)
    #expect(try rows("b.json", "{\"1\": {\"a\": 1}, \"2\": {\"a\": 2}}") == 2)
    #expect(throws: (any Error).self) { try rows("c.jsonl", "{\"a\": 1}\n{\"a\": \n") }
    do {
      _ = try rows("c.jsonl", "{\"a\": 1}\n[2]\n")
      Issue.record("a list is no row")
    } catch {
      #expect("\(error)".hasPrefix("c.jsonl: line 2: found something else than an object"))
    }
  }
}

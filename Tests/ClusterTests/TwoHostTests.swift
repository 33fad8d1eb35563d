import Foundation
import TestSupport
import Testing

extension ClusterTests {
  @Suite(
    "Two hosts with addresses of their own", .serialized, .enabled(if: namespacesArePossible, "no network namespaces"))
  struct TwoHosts {
    @Test("give the hash that one host gives")
    func sameHash() throws {
      let recipe = GoldenRecipe.named(.random, "bf16")
      let (shown, _) = try run(recipe, mode: nil)
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
    }

    @Test("that cannot reach each other are named with their addresses, and one of them does the job")
    func unreachable() throws {
      let recipe = GoldenRecipe.named(.random, "bf16")
      let (shown, events) = try run(recipe, mode: "blackhole")
      #expect(events.contains("10.77.1.1") && events.contains("10.77.1.2"), "\(events)")
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
    }

    private func run(_ recipe: GoldenRecipe, mode: String?) throws -> (shown: [String: Any], events: String) {
      let directory = try TemporaryDirectory()
      let configuration = try directory.write(GoldenRecipe.randomConfiguration, to: "config.json")
      let job = try directory.write(
        recipe.jobFile(configuration: configuration.path, output: "out"), to: "job.yaml")
      let script = TestData.package.appendingPathComponent("Tests/ClusterTests/two-hosts.sh")
      let process = try Subprocess(
        URL(fileURLWithPath: "/bin/bash"),
        [script.path, Subprocess.admix.path, job.path, TestData.folder!.path, directory.path, mode ?? ""],
        name: "two-hosts", in: directory.url)
      try process.waitForExit(seconds: 150)
      let text = process.outputText
      guard let shown = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
        throw TestFailure("two-hosts.sh printed \(text)\n\(process.errorText)")
      }
      let events = try String(contentsOf: directory.url.appendingPathComponent("events.txt"), encoding: .utf8)
      return (shown, events)
    }
  }
}

/// Whether this process may make network namespaces of its own.
let namespacesArePossible: Bool = {
  guard let directory = try? TemporaryDirectory(),
    let probe = try? Subprocess(
      URL(fileURLWithPath: "/usr/bin/unshare"),
      ["-rnm", "sh", "-c", "mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add probe"],
      name: "probe", in: directory.url)
  else { return false }
  return (try? probe.waitForExit(seconds: 10)) == 0
}()

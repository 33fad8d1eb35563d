import Foundation
import StateFiles
import Testing
import Transport
import WireProtocol

@testable import ControlClient
import CoordinatorCore
@testable import CoordinatorDaemon

@Suite struct FullStateDirectoryTests {
  @Test(.enabled(if: PrivateMount.isAvailable))
  func aCoordinatorWhoseDiskIsFullStopsWithASentenceAndForgetsNothing() throws {
    let (state, sockets) = try (TemporaryDirectory(), TemporaryDirectory())
    let (statePath, address) = (state.path, "unix:\(sockets.path)/socket")
    let outcome = PrivateMount.onSmallFileSystem(at: statePath, byteCount: 1 << 20) {
      Result {
        func start() throws -> CoordinatorServer {
          let daemon = try CoordinatorServer(
            CoordinatorOptions(
              listen: .unix(path: "\(sockets.path)/socket"), stateDirectory: statePath, build: "b", numericsVersion: 7))
          try daemon.start()
          return daemon
        }
        let daemon = try start()
        let client = try CoordinatorConnection(
          ClientOptions(address: address, build: "c", connectTimeout: .seconds(1), requestTimeout: .seconds(5)))
        var acknowledged: [JobID] = []
        let error = #expect(throws: ClientError.self) {
          for number in 1...1_000 as ClosedRange<UInt64> {
            let plan = JobPlan(
              jobType: "test", pluginVersion: 1, name: "job-\(number)",
              phases: [PhasePlan(name: "p", work: .sharded([ShardPlan(name: "s", payload: [], inputs: [])]))],
              outputs: [])
            let submit = Submit(
              plan: plan, jobFile: String(repeating: "# long\n", count: 2_000), recipeDigest: .zero,
              submission: Token128(high: number, low: 1))
            acknowledged.append(try client.submit(submit))
          }
        }
        #expect(error != nil)
        guard case .failed(let reason) = daemon.waitUntilStopped() else {
          Issue.record("it stopped for another reason")
          return
        }
        #expect(reason.description.contains("full") && reason.description.contains(statePath), "\(reason)")
        #expect(acknowledged.count > 5)
        // With room again, all that was acknowledged is there.
        try removeTree("\(statePath)/partial")
        let journal = try Journal(directory: statePath)
        let known = try journal.contents().jobs.map(\.job)
        #expect(Set(acknowledged).isSubset(of: Set(known)))
        journal.close()
      }
    }
    try #require(outcome).get()
  }
}

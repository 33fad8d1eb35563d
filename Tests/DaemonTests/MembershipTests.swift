import Foundation
import StateFiles
import Synchronization
import Testing
import Transport
import WireProtocol

@testable import ControlClient
@testable import CoordinatorDaemon
@testable import WorkerDaemon

@Suite(.serialized) struct MembershipTests {
  let cluster: TestCluster
  init() throws { cluster = try TestCluster() }

  @Test func aWorkerComesBackUnderItsNumberAfterTheCoordinatorWasRestarted() throws {
    try cluster.startWorker(cluster.workerOptions("early"))
    try cluster.startCoordinator()
    let client = try cluster.client()
    let before = try cluster.waitForWorker("early", client)
    cluster.stopCoordinator()
    usleep(300_000)
    try cluster.startCoordinator()
    // The same client, whose connection died with the first coordinator.
    let after = try cluster.waitForWorker("early", client)
    #expect(after.id == before.id)
    _ = try eventually("its memory is known", log: cluster.log) {
      try client.status().workers.first { $0.residentBytes > 0 }
    }
    #expect(after.isa == "avx2")
  }

  @Test func aWorkerOfAnotherNumericsVersionIsRefusedWithBothVersions() throws {
    try cluster.startCoordinator()
    var options = cluster.workerOptions("other")
    options.numericsVersion = 8
    options.build = "other-build"
    let worker = try cluster.startWorker(options)
    guard case .refused(let refusal) = worker.waitUntilStopped() else {
      Issue.record("it was not refused")
      return
    }
    #expect(refusal.reason == .numericsVersion)
    for word in ["7", "8", "test-build", "other-build"] { #expect(refusal.sentence.contains(word)) }
  }

  @Test func aSpeakerOfAnotherWireVersionIsRefusedWithBothVersions() throws {
    try cluster.startCoordinator()
    let loop = EventLoop(name: "test")
    loop.start()
    defer {
      loop.stop()
      loop.join()
    }
    for role in [Role.worker, .client, .bulk] {
      let hello = Hello(
        wireVersionLow: 9, wireVersionHigh: 11, role: role, boot: Token128(high: 1, low: 1), build: "future",
        numericsVersion: 7)
      let error = #expect(throws: ClientError.self) {
        try BlockingConnection(to: cluster.address, hello: hello, loop: loop, timeout: .seconds(5))
      }
      #expect(error?.code == .refused)
      #expect(error?.refusal == .wireVersion)
      #expect(error?.sentence.contains("9 to 11") == true && error?.sentence.contains("versions 1 ") == true)
    }
  }

  @Test func garbageAndSilenceAndSlowReadersDoNotDisturbHeartbeats() throws {
    // Suspect after 0.9 s: long enough for a busy test host, short against the two seconds below.
    try cluster.startCoordinator(scale: 0.3)
    try cluster.startWorker(cluster.workerOptions("steady"))
    let client = try cluster.client()
    _ = try cluster.waitForWorker("steady", client)
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    for index in 0..<40 {
      let socket = try #require(connectUnix("\(cluster.directory.path)/socket"))
      sockets.append(socket)
      let bytes: [UInt8] =
        switch index % 4 {
        case 0: someBytes(5000, seed: UInt64(index))
        case 1: []
        case 2: Array(helloBytes().prefix(40))
        // A client that asks, and asks, and never reads.
        default: helloBytes() + (0..<2000).flatMap { Frame(QueryStatus(), correlation: UInt64($0) + 1).encoded() }
        }
      _ = bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
    }
    let deadline = Date().addingTimeInterval(2)
    var answers = 0
    while Date() < deadline {
      let status = try client.status()
      #expect(status.workers.map(\.state) == [.idle])
      answers += 1
      usleep(20_000)
    }
    #expect(answers > 5)
  }

  @Test func aCoordinatorListensToOthersOnlyWhenTold() throws {
    var options = CoordinatorOptions(
      listen: .tcp(host: "0.0.0.0", port: 0), stateDirectory: cluster.stateDirectory, build: "b", numericsVersion: 7)
    let error = #expect(throws: CoordinatorError.self) { try CoordinatorServer(options) }
    #expect(error == .openNetwork(options.listen))
    #expect(error?.description.contains("keys that tell who may join come in a later release") == true)
    #expect(error?.description.contains("--insecure-network") == true)
    options.insecureNetwork = true
    let daemon = try CoordinatorServer(options)
    try daemon.start()
    #expect(daemon.endpoint?.port != 0)
    daemon.stop()
    #expect(daemon.waitUntilStopped() == .asked)
  }

  @Test func aBusyPortIsNamedWithTheWayOut() throws {
    let first = try CoordinatorServer(
      CoordinatorOptions(
        listen: .tcp(host: "127.0.0.1", port: 0), stateDirectory: "\(cluster.directory.path)/a", build: "b",
        numericsVersion: 7))
    try first.start()
    let endpoint = try #require(first.endpoint)
    let second = try CoordinatorServer(
      CoordinatorOptions(
        listen: endpoint, stateDirectory: "\(cluster.directory.path)/b", build: "b", numericsVersion: 7))
    let error = #expect(throws: CoordinatorError.self) { try second.start() }
    #expect(error == .cannotListen(.addressInUse(endpoint)))
    #expect(error?.description.contains("\(endpoint)") == true)
    #expect(error?.description.contains("take another") == true)
    first.stop()
    first.waitUntilStopped()
  }

  @Test func twoCoordinatorsOnOneStateDirectoryAreRefused() throws {
    try cluster.startCoordinator()
    let error = #expect(throws: CoordinatorError.self) {
      try CoordinatorServer(
        CoordinatorOptions(
          listen: .unix(path: "\(cluster.directory.path)/other"), stateDirectory: cluster.stateDirectory, build: "b",
          numericsVersion: 7))
    }
    #expect(error?.description.contains("another coordinator") == true)
    #expect(error?.description.contains("--state") == true)
  }

  @Test func twoWorkersDoNotShareACacheAndOneKeepsItsNodeAcrossRestarts() throws {
    let options = cluster.workerOptions("one")
    let first = try WorkerSupervisor(options)
    let error = #expect(throws: WorkerError.self) { try WorkerSupervisor(options) }
    #expect(error?.description.contains("another worker") == true)
    try first.start()
    first.stop()
    first.waitUntilStopped()
    #expect(try WorkerSupervisor(options).node == first.node)
  }

  private func helloBytes() -> [UInt8] {
    Frame(
      Hello(
        wireVersionLow: 1, wireVersionHigh: 1, role: .client, boot: Token128(high: 1, low: 1), build: "x",
        numericsVersion: 7)
    ).encoded()
  }
}

/// A raw connection to a Unix socket; nil when nobody listens.
func connectUnix(_ path: String) -> Int32? {
  let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  let status = withUnsafePointer(to: address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  if status == 0 { return descriptor }
  close(descriptor)
  return nil
}

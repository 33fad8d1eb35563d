// A runner for tests, in a process of its own: does a shard by joining its inputs into one file, and misbehaves as the
// shard's payload says.

import Foundation
import Transport
import WireProtocol

let loop = EventLoop(name: "test runner")
let connection = try Connection.adopt(fileDescriptor: 3, name: "worker", loop: loop)

func misbehave(_ text: String) -> Bool {
  switch text {
  case "trap":
    FileHandle.standardError.write(Data("about to fail\nthe last line\n".utf8))
    abort()
  case "exit":
    FileHandle.standardError.write(Data("giving up\n".utf8))
    exit(7)
  case "sleep": break
  case "fork":
    // Leaves a grandchild behind in a session of its own, and one in our group.
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sh")
    child.arguments = ["-c", "sleep 1000 & setsid sleep 1000 & wait"]
    try? child.run()
  default: return false
  }
  return true
}

func publish(_ begin: Begin) throws {
  var joined = Data()
  for tree in begin.assign.inputs {
    for file in tree.files {
      joined += try Data(contentsOf: URL(fileURLWithPath: "\(begin.directory)/inputs/\(tree.name)/\(file.path)"))
    }
  }
  let path = "\(begin.directory)/scratch/joined"
  try joined.write(to: URL(fileURLWithPath: path))
  try connection.send(
    Publish(request: 1, items: [Publish.Item(absolutePath: path, path: "joined.bin")]),
    stream: begin.assign.assignment.number)
}

func receive(_ frame: Frame) throws {
  switch frame.type {
  case .begin:
    let begin: Begin = try frame.decode()
    if !misbehave(String(decoding: begin.assign.payload, as: UTF8.self)) { try publish(begin) }
  case .published:
    let published: Published = try frame.decode()
    let number = frame.header.stream
    if let failure = published.failure {
      try connection.send(Failed(message: failure), stream: number)
    } else {
      try connection.send(
        Completed(outputs: [NamedTree(name: "out", files: published.files)], result: "{\"files\": 1}"), stream: number)
    }
  case .leave: exit(0)
  default: break
  }
}

connection.onClose = { _ in exit(1) }
connection.sayHello(
  Hello(
    wireVersionLow: 1, wireVersionHigh: 1, role: .runner, boot: Token128(high: 1, low: 1), build: "test",
    numericsVersion: 7), checksums: false
) { answer in
  guard case .success = answer else { exit(2) }
  connection.onFrame = { frame in
    do { try receive(frame) } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(3)
    }
  }
}
loop.run()

import CLibUV
import CLinux
import Glibc

/// How a child ended.
public struct ChildExit: Sendable, Equatable, CustomStringConvertible {
  public var status: Int64
  /// The signal that ended it; 0 for none.
  public var signal: CInt
  /// The end of what it wrote to standard output and error, at most as much as was asked to be kept.
  public var lastLines: String

  public var description: String {
    signal == 0 ? "exit status \(status)" : "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
  }
}

/// A process of ours, started with `uv_spawn`. Belongs to its loop's thread.
///
/// `@unchecked Sendable` is true because all mutable state is touched only on the loop's thread, which every public
/// member checks.
public final class ChildProcess: LoopResource, @unchecked Sendable {
  public struct Launch: Sendable {
    public var executable: String
    /// Without the executable's own name, which is put first.
    public var arguments: [String] = []
    /// `NAME=value`; `nil` inherits ours.
    public var environment: [String]?
    public var workingDirectory: String?
    /// Descriptors of ours and the numbers (from 3 on) under which the child has them.
    public var descriptors: [(ours: CInt, child: CInt)] = []
    /// A session and process group of its own: signals to its group reach what it forks, and Ctrl-C does not reach it.
    public var newSession = true
    /// How much of its standard output and error is kept for `ChildExit.lastLines`; `nil` lets it write to ours.
    public var keptOutputBytes: Int? = 16 * 1024

    public init(executable: String, arguments: [String] = []) {
      self.executable = executable
      self.arguments = arguments
    }
  }

  public let processID: Int32
  private let launch: Launch
  private let loop: EventLoop
  private var handle: UnsafeMutablePointer<uv_process_t>?
  private var output: ByteStream?
  private var kept: [UInt8] = []
  private var ended: (status: Int64, signal: CInt)?
  private var drainTimer: LoopTimer?
  private let onOutput: ((String) -> Void)?
  private var onExit: ((ChildExit) -> Void)?
  private var line: [UInt8] = []

  /// Starts a process. `onLine` gets each line of its standard output and error, `onExit` its end, once: both on the
  /// loop. Descriptors in `launch` stay open here; close the child's ends afterwards.
  public static func spawn(
    _ launch: Launch, loop: EventLoop, onLine: ((String) -> Void)? = nil, onExit: @escaping (ChildExit) -> Void
  ) throws(TransportError) -> ChildProcess {
    loop.preconditionOnLoop()
    // libuv hears of the end by it.
    EventLoop.unblock(SIGCHLD)
    var pipe: [CInt] = [-1, -1]
    if launch.keptOutputBytes != nil {
      let status = admix_pipe(&pipe)
      guard status == 0 else { throw .system(call: "pipe", reason: String(cString: strerror(errno))) }
    }
    let handle = UnsafeMutablePointer<uv_process_t>.allocate(capacity: 1)
    let status = start(launch, handle, loop, output: pipe[1] < 0 ? nil : pipe[1])
    if pipe[1] >= 0 { _ = close(pipe[1]) }
    guard status == 0 else {
      if pipe[0] >= 0 { _ = close(pipe[0]) }
      uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
        if let handle { UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_process_t.self).deallocate() }
      }
      throw .cannotSpawn(executable: launch.executable, reason: uvMessage(status))
    }
    return ChildProcess(launch, handle, loop, outputDescriptor: pipe[0] < 0 ? nil : pipe[0], onLine, onExit)
  }

  private init(
    _ launch: Launch, _ handle: UnsafeMutablePointer<uv_process_t>, _ loop: EventLoop, outputDescriptor: CInt?,
    _ onLine: ((String) -> Void)?, _ onExit: @escaping (ChildExit) -> Void
  ) {
    self.launch = launch
    self.handle = handle
    self.loop = loop
    self.onOutput = onLine
    self.onExit = onExit
    processID = handle.pointee.pid
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.add(self)
    guard let outputDescriptor else { return }
    let stream = ByteStream(loop: loop, kind: .unix)
    guard uv_pipe_open(stream.pipe, outputDescriptor) == 0 else {
      stream.close()
      _ = close(outputDescriptor)
      return
    }
    output = stream
    stream.onBytes = { bytes in self.keep(bytes) }
    stream.onEnd = { _ in self.outputEnded() }
    stream.startReading()
  }

  /// Signals the child's whole process group when it has one of its own, else the child. Nothing when it has ended.
  public func kill(_ signal: Int32) {
    loop.preconditionOnLoop()
    guard ended == nil else { return }
    _ = Glibc.kill(launch.newSession ? -processID : processID, signal)
  }

  public var isRunning: Bool { ended == nil }

  // MARK: Inner workings

  private static func start(
    _ launch: Launch, _ handle: UnsafeMutablePointer<uv_process_t>, _ loop: EventLoop, output: CInt?
  ) -> CInt {
    let highest = max(2, launch.descriptors.map(\.child).max() ?? 2)
    var channels = [uv_stdio_container_t](repeating: uv_stdio_container_t(), count: Int(highest) + 1)
    for index in channels.indices { channels[index].flags = UV_IGNORE }
    for (child, ours) in [(1, output ?? 1), (2, output ?? 2)] {
      channels[child].flags = UV_INHERIT_FD
      channels[child].data.fd = ours
    }
    for descriptor in launch.descriptors where descriptor.child > 2 {
      channels[Int(descriptor.child)].flags = UV_INHERIT_FD
      channels[Int(descriptor.child)].data.fd = descriptor.ours
    }
    var arguments = ([launch.executable] + launch.arguments).map { strdup($0) } + [nil]
    var environment = (launch.environment ?? []).map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    return launch.executable.withCString { executable in
      (launch.workingDirectory ?? "").withCString { directory in
        channels.withUnsafeMutableBufferPointer { channels in
          arguments.withUnsafeMutableBufferPointer { arguments in
            environment.withUnsafeMutableBufferPointer { environment in
              var options = uv_process_options_t()
              options.exit_cb = ChildProcess.exited
              options.file = executable
              options.args = arguments.baseAddress
              options.env = launch.environment == nil ? nil : environment.baseAddress
              options.cwd = launch.workingDirectory == nil ? nil : directory
              options.flags = launch.newSession ? UInt32(UV_PROCESS_DETACHED.rawValue) : 0
              options.stdio_count = CInt(clamping: channels.count)
              options.stdio = channels.baseAddress
              return uv_spawn(loop.handle, handle, &options)
            }
          }
        }
      }
    }
  }

  private static let exited: uv_exit_cb = { handle, status, signal in
    guard let data = handle?.pointee.data else { return }
    Unmanaged<ChildProcess>.fromOpaque(data).takeUnretainedValue().didExit(status, signal)
  }

  private func didExit(_ status: Int64, _ signal: CInt) {
    ended = (status, signal)
    closeHandle()
    // Its last lines may still be in the pipe; what it forked may hold the pipe open for ever.
    if output == nil { report() } else { drainTimer = loop.schedule(after: .milliseconds(200)) { self.report() } }
  }

  private func outputEnded() {
    output?.close()
    output = nil
    if ended != nil { report() }
  }

  private func report() {
    drainTimer?.cancel()
    output?.close()
    output = nil
    guard let ended, let onExit else { return }
    self.onExit = nil
    if !line.isEmpty { onOutput?(String(decoding: line, as: UTF8.self)) }
    let lines = String(decoding: kept.suffix(launch.keptOutputBytes ?? 0), as: UTF8.self)
    onExit(ChildExit(status: ended.status, signal: ended.signal, lastLines: lines))
  }

  private func keep(_ bytes: UnsafeRawBufferPointer) {
    let limit = launch.keptOutputBytes ?? 0
    kept.append(contentsOf: bytes)
    // Cut in large steps: a child that writes much must not make us move its bytes each time.
    if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
    guard let onOutput else { return }
    for byte in bytes {
      if byte == UInt8(ascii: "\n") || line.count >= limit {
        onOutput(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
      }
      if byte != UInt8(ascii: "\n") { line.append(byte) }
    }
  }

  private func closeHandle() {
    guard let handle else { return }
    self.handle = nil
    loop.remove(self)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let handle, let data = handle.pointee.data else { return }
      Unmanaged<ChildProcess>.fromOpaque(data).release()
      UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_process_t.self).deallocate()
    }
  }

  func closeWithLoop() {
    // A child does not outlive the loop that would have heard of its end.
    kill(SIGKILL)
    closeHandle()
    output?.close()
    output = nil
  }
}

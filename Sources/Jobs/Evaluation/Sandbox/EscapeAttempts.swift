/// What the sandbox must hold against before anything is run in it. Each attempt is a program that passes when it was
/// stopped, and an outcome that says so where the attempt is ended from outside.
enum EscapeAttempts {
  struct Attempt {
    let name: String
    let program: String
    var expected: [CodeSandbox.Outcome] = [.passed]
    var milliseconds: UInt64 = CodeSandbox.milliseconds
  }

  static func all(secret: String) -> [Attempt] {
    [
      Attempt(name: "a plain program runs", program: "assert sorted([3, 1]) == [1, 3]"),
      Attempt(
        name: "network",
        program: """
          import socket
          def closed(family, kind):
              try:
                  socket.socket(family, kind)
              except OSError:
                  return True
          assert closed(socket.AF_INET, socket.SOCK_STREAM) and closed(socket.AF_INET6, socket.SOCK_DGRAM)
          assert closed(socket.AF_UNIX, socket.SOCK_STREAM)
          """),
      Attempt(
        name: "fork bomb",
        program: """
          import os
          for _ in range(100):
              try:
                  os.fork()
              except OSError:
                  continue
              os._exit(1)
          """),
      Attempt(
        name: "writing outside",
        program: """
          def refused(path):
              try:
                  open(path, 'w').write('x')
              except OSError:
                  return True
          for path in ['/x', '/usr/x', '/usr/bin/python3', '/bin/sh', '/etc/passwd', '/../../x', \(literal(secret))]:
              assert refused(path), path
          """),
      Attempt(
        name: "reading what is not its own",
        program: """
          import os
          def refused(path):
              try:
                  open(path).read()
              except OSError:
                  return True
          for path in ['/etc/passwd', '/etc/hostname', '/proc/1/environ', '/proc/self/mounts', \(literal(secret))]:
              assert refused(path), path
          assert not {'home', 'root', 'proc', 'sys', 'dev', 'etc', 'var'} & set(os.listdir('/'))
          """),
      Attempt(
        name: "killing the parent",
        program: """
          import os, signal
          assert os.getppid() == 0
          for number in range(2, 5000):
              try:
                  os.kill(number, signal.SIGKILL)
              except ProcessLookupError:
                  continue
              assert False, number
          """),
      Attempt(
        name: "filling the disk",
        program: """
          written = 0
          try:
              for number in range(64):
                  with open('/tmp/%d' % number, 'wb') as file:
                      for _ in range(4):
                          written += file.write(bytes(1 << 20))
                          file.flush()
          except OSError:
              pass
          assert written <= \(CodeSandbox.diskBytes), written
          """),
      Attempt(
        name: "ptrace, mount, new namespaces",
        program: """
          try:
              import ctypes
              call = ctypes.CDLL(None, use_errno=True)
          except (ImportError, OSError):
              call = None
          if call:
              assert call.ptrace(0, 0, 0, 0) == -1
              assert call.unshare(0x10000000) == -1
              assert call.mount(b'none', b'/tmp', b'tmpfs', 0, None) == -1
              assert call.chroot(b'/tmp') == -1
          """),
      Attempt(
        name: "memory",
        program: """
          try:
              bytearray(\(4 * CodeSandbox.memoryBytes))
          except MemoryError:
              pass
          else:
              assert False
          """),
      Attempt(name: "running on", program: "while True: pass", expected: [.timedOut], milliseconds: 300),
      Attempt(
        name: "other users' rights",
        program: """
          import os
          assert os.getuid() == os.geteuid() == 65534
          for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.chown('/tmp', 0, 0)):
              try:
                  change()
              except OSError:
                  continue
              assert False
          """),
    ]
  }

  /// A line an attempt.
  /// - Throws: `SandboxBroken` for the first that was not stopped.
  static func held(by sandbox: CodeSandbox, secret: String) throws -> String {
    var lines = ["The sandbox was tested before any written program ran:"]
    for attempt in all(secret: secret) {
      let outcome = try sandbox.run(attempt.program, milliseconds: attempt.milliseconds)
      guard attempt.expected.contains(outcome) else { throw SandboxBroken(attempt: attempt.name) }
      lines.append("- \(attempt.name): \(attempt.name.hasPrefix("a plain") ? "yes" : "stopped")")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A Python string literal.
  private static func literal(_ text: String) -> String {
    "'"
      + text.unicodeScalars.map { scalar in
        scalar.isASCII && scalar.value >= 32 && scalar != "'" && scalar != "\\"
          ? String(scalar)
          : "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count)
            + String(scalar.value, radix: 16)
      }.joined() + "'"
  }
}

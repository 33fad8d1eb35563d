import Foundation
import Glibc
import Results

/// What people read: results on stdout, everything else on stderr. On a terminal a last line is kept up to date;
/// elsewhere it becomes a line now and then.
final class Console: @unchecked Sendable {
  // Sendable: `lock` is held around every use of the mutable members.
  static let shared = Console()

  private let lock = NSLock()
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var progressIsShown = false
  private var readerHasLeft = false
  private var lastPlainProgress = ContinuousClock.now - .seconds(3600)
  /// Between two progress lines off a terminal.
  private let plainInterval = Duration.seconds(5)

  /// A line of the answer.
  func print(_ text: String) {
    lock.withLock {
      clearProgress()
      write(text + "\n", to: STDOUT_FILENO)
    }
  }

  func print(_ lines: [String]) { for line in lines { print(line) } }

  /// A line beside the answer.
  func note(_ text: String) {
    lock.withLock {
      clearProgress()
      write(text + "\n", to: STDERR_FILENO)
    }
  }

  func warn(_ text: String) { note("warning: \(text)") }

  func complain(_ text: String) { note("error: \(text)") }

  /// Replaces the progress line; off a terminal writes it when the last one is some seconds old.
  func progress(_ text: @autoclosure () -> String) {
    lock.withLock {
      if isTerminal {
        let line = cut(text(), to: terminalColumns - 1)
        write("\r\u{1B}[K\(line)", to: STDERR_FILENO)
        progressIsShown = true
      } else if ContinuousClock.now - lastPlainProgress >= plainInterval {
        lastPlainProgress = .now
        write(text() + "\n", to: STDERR_FILENO)
      }
    }
  }

  /// Shows a whole page in place of the one before; off a terminal pages follow one another.
  func page(_ lines: [String]) {
    lock.withLock {
      let clear = isatty(STDOUT_FILENO) == 1 ? "\u{1B}[H\u{1B}[2J" : ""
      let end = clear.isEmpty ? "\n\n" : "\n"
      write(clear + lines.joined(separator: "\n") + end, to: STDOUT_FILENO)
    }
  }

  /// False once writing to stdout has failed (`admix status --watch | head`): time to stop watching.
  var hasReader: Bool { lock.withLock { !readerHasLeft } }

  func endProgress() { lock.withLock { clearProgress() } }

  private func clearProgress() {
    if progressIsShown { write("\r\u{1B}[K", to: STDERR_FILENO) }
    progressIsShown = false
  }

  private var terminalColumns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
    return Int(size.ws_col)
  }

  private func cut(_ text: String, to columns: Int) -> String {
    var line = printable(text)
    while displayWidth(line) > columns { line.removeLast() }
    return line
  }

  private func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // Nobody reads any more: nothing to tell anybody.
      if count <= 0 {
        if descriptor == STDOUT_FILENO { readerHasLeft = true }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }
}

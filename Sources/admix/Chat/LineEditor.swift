import Glibc
import Results

/// Reads lines from a terminal, with editing that knows how wide characters are.
struct LineEditor {
  private(set) var history: [String] = []

  enum Line: Equatable {
    case text(String)
    case interrupted
    case closed
  }

  /// The longest history that is kept.
  private static let historyLimit = 200

  /// Shows `prompt` and waits for a line.
  mutating func read(prompt: String) -> Line {
    guard let terminal = RawTerminal() else { return .closed }
    defer { terminal.restore() }
    var reader = KeyReader(nextByte: RawTerminal.nextByte)
    var line = EditedLine(history: history)
    var rowAbove = 0
    while true {
      let picture = line.picture(prompt: prompt, columns: RawTerminal.columns)
      var output = rowAbove > 0 ? "\r\u{1B}[\(rowAbove)A\u{1B}[J" : "\r\u{1B}[J"
      output += picture.text
      let up = picture.rows - 1 - picture.cursorRow
      if up > 0 { output += "\u{1B}[\(up)A" }
      output += "\r" + (picture.cursorColumn > 0 ? "\u{1B}[\(picture.cursorColumn)C" : "")
      RawTerminal.write(output)
      rowAbove = picture.cursorRow
      guard let key = reader.next() else { return .closed }
      let answer = line.take(key)
      guard answer != .editing else { continue }
      let down = picture.rows - 1 - picture.cursorRow
      RawTerminal.write((down > 0 ? "\u{1B}[\(down)B" : "") + "\r\n")
      switch answer {
      case .entered:
        if !line.text.isEmpty, history.last != line.text { history = (history + [line.text]).suffix(Self.historyLimit) }
        return .text(line.text)
      case .interrupted: return .interrupted
      case .closed, .editing: return .closed
      }
    }
  }
}

/// The terminal of stdin without its own line editing; put back as it was by `restore`.
private struct RawTerminal {
  private let saved: termios

  init?() {
    var settings = termios()
    guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
    saved = settings
    cfmakeraw(&settings)
    // Output keeps its line ends.
    settings.c_oflag |= tcflag_t(OPOST)
    guard tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0 else { return nil }
    Self.write("\u{1B}[?2004h")
  }

  func restore() {
    Self.write("\u{1B}[?2004l")
    var settings = saved
    tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
  }

  /// Nil at the end of input, and when the process is asked to end: its terminal must be put back before.
  static func nextByte() -> UInt8? {
    var byte: UInt8 = 0
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while !Interrupts.isAskedToEnd {
      guard poll(&input, 1, 200) > 0 else { continue }
      let count = Glibc.read(STDIN_FILENO, &byte, 1)
      if count == 1 { return byte }
      if count < 0, errno == EINTR { continue }
      return nil
    }
    return nil
  }

  /// A terminal that is gone ends the input too: that is where it is noticed.
  static func write(_ text: String) { try? writeAll(Array(text.utf8), to: STDOUT_FILENO, path: "the terminal") }

  static var columns: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 4 else { return 80 }
    return Int(size.ws_col)
  }
}

import Templates

/// The moment that a template's `strftime_now` tells, in the C locale. A template that asks for the time gives another
/// text every day, so whoever renders says which day it is.
public struct ChatDate: Sendable, Hashable, Codable {
  public var year: Int
  /// From 1.
  public var month: Int
  /// From 1.
  public var day: Int
  public var hour: Int
  public var minute: Int
  public var second: Int

  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// `2026-11-26`. nil for anything that is no day.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, text.utf8.count == 10, let year = parts[0], let month = parts[1], let day = parts[2],
      (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  private static func days(in month: Int, of year: Int) -> Int {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  private var dayOfYear: Int { (1..<month).reduce(day) { $0 + Self.days(in: $1, of: year) } }

  /// 0 is Sunday. By Sakamoto's rule.
  private var weekday: Int {
    let shifted = month < 3 ? year - 1 : year
    let offset = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1]
    return (shifted + shifted / 4 - shifted / 100 + shifted / 400 + offset + day) % 7
  }

  /// `strftime(format)`.
  ///
  /// - Throws: `TemplateError` of kind `.unsupported` for a directive that is not there.
  func formatted(_ format: String) throws(TemplateError) -> String {
    var result = ""
    var signs = format.unicodeScalars.makeIterator()
    while let sign = signs.next() {
      guard sign == "%" else {
        result.unicodeScalars.append(sign)
        continue
      }
      guard let directive = signs.next() else {
        result += "%"
        break
      }
      result += try text(directive)
    }
    return result
  }

  private func text(_ directive: Unicode.Scalar) throws(TemplateError) -> String {
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let month = Self.months[month - 1]
    let weekday = Self.weekdays[weekday]
    return switch directive {
    case "%": "%"
    case "A": weekday
    case "a": String(weekday.prefix(3))
    case "B": month
    case "b", "h": String(month.prefix(3))
    case "d": padded(day)
    case "e": day < 10 ? " \(day)" : "\(day)"
    case "F": try formatted("%Y-%m-%d")
    case "D": try formatted("%m/%d/%y")
    case "H": padded(hour)
    case "I": padded((hour + 11) % 12 + 1)
    case "j": padded(dayOfYear, 3)
    case "M": padded(minute)
    case "m": padded(self.month)
    case "p": hour < 12 ? "AM" : "PM"
    case "S": padded(second)
    case "T": try formatted("%H:%M:%S")
    case "Y": padded(year, 4)
    case "y": padded(year % 100)
    default: throw TemplateError(.unsupported, line: 0, "strftime_now: the directive `%\(directive)` is not there")
    }
  }
}

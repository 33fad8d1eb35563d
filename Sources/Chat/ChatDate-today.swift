import Glibc

extension ChatDate {
  /// Now, in this machine's time zone.
  public static var today: ChatDate {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    return ChatDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }
}

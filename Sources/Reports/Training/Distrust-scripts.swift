internal import Results

// Whether text that should be in another script is mostly ASCII: code, markup or English that came along.
extension Distrust {
  /// First words of names that say the language, with the bytes that UTF-8 takes for a letter of its script.
  private static let lettersBytes: [(names: [String], bytes: Double)] = [
    (["zh", "cn", "chinese", "ja", "jp", "japanese", "ko", "kr", "korean", "th", "thai"], 3),
    (["hi", "hindi", "bn", "bengali", "ta", "tamil", "te", "telugu", "mr", "gu", "kn", "ml", "pa", "ur"], 3),
    (["km", "khmer", "lo", "lao", "my", "burmese", "ka", "georgian", "am", "amharic", "bo", "tibetan"], 3),
    (["ru", "russian", "uk", "ukrainian", "bg", "sr", "mk", "be", "kk", "el", "greek", "hy", "armenian"], 2),
    (["ar", "arabic", "fa", "persian", "he", "hebrew"], 2),
  ]

  private static func letterBytes(of name: String) -> Double? {
    guard let word = name.lowercased().split(whereSeparator: { !$0.isLetter }).first else { return nil }
    // Urdu is written with Arabic letters.
    if word == "ur" { return 2 }
    return lettersBytes.first { $0.names.contains(String(word)) }?.bytes
  }

  /// One finding a source whose name says a language of another script.
  static func scripts(_ record: TrainingRecord) -> [Finding] {
    (record.result["corpus"]?["sources"]?.elements ?? []).compactMap { source in
      guard let name = source["name"]?.string, let letter = letterBytes(of: name),
        let bytes = source["training"]?["bytes"]?.double,
        let characters = source["training"]?["characters"]?.double, characters > 0
      else { return nil }
      // b = 1·a + letter·(1 − a), if every character is ASCII or a letter of the script.
      let share = min(1, max(0, (letter - bytes / characters) / (letter - 1)))
      let check = "\(name) is in its script"
      let words =
        "\(fixed(bytes / characters, digits: 2)) bytes a character, about \(fixed(100 * share, digits: 0)) % ASCII"
      if share > 0.5 {
        return Finding(
          verdict: .distrust, check: check,
          sentence: "\(name) is mostly ASCII (\(words)): much of what it teaches is code, markup or English.")
      }
      return Finding(verdict: .inOrder, check: check, sentence: words)
    }
  }
}

import Testing

@testable import Corpora

@Suite struct WordGramTests {
  private func grams(_ text: String) -> [UInt64] {
    var grams = WordGrams()
    return Array(text.utf8).withUnsafeBufferPointer { grams.hashes(of: $0) }
  }

  @Test func thirteenWordsAreOneGramAndFewerAreNone() {
    let words = (1...13).map { "word\($0)" }
    #expect(grams(words.dropLast().joined(separator: " ")).isEmpty)
    #expect(grams(words.joined(separator: " ")).count == 1)
    #expect(grams((words + ["more"]).joined(separator: " ")).count == 2)
  }

  @Test func caseSpacesAndPunctuationDoNotMatter() {
    let plain = grams("the quick brown fox jumps over the lazy dog and runs far away")
    #expect(plain.count == 1)
    #expect(grams("The quick, brown FOX jumps -- over the \n\t lazy dog; and “runs” far away!") == plain)
    #expect(grams("the quick brown fox jumps over the lazy dog and runs far off") != plain)
    #expect(grams("ÄÖÜ ΑΒΓ АБЁ") == grams("äöü αβγ абё"))
  }

  @Test func everyIdeographIsAWord() {
    #expect(grams("敏捷的棕色狐狸跳过了懒狗").isEmpty)
    let thirteen = grams("敏捷的棕色狐狸跳过了懒狗狗")
    #expect(thirteen.count == 1)
    #expect(grams("敏捷的，棕色 狐狸。跳过了\n懒狗狗！") == thirteen)
    #expect(grams("敏捷的棕色狐狸跳过了懒狗狗a").count == 2)
  }

  @Test func theHashOfAGramDependsOnItsWordsAloneNotOnWhatWasBefore() {
    let tail = (1...13).map { "t\($0)" }.joined(separator: " ")
    let alone = Set(grams(tail))
    for before in ["", "a b c", inventedTexts(count: 1, seed: 3, words: 40...40)[0]] {
      #expect(alone.isSubset(of: Set(grams(before + " " + tail))))
    }
    let order = grams((1...13).reversed().map { "t\($0)" }.joined(separator: " "))
    #expect(Set(order).isDisjoint(with: alone))
  }

  @Test func repeatedGramsCountOnce() {
    let sentence = (1...13).map { "s\($0)" }.joined(separator: " ")
    #expect(grams([sentence, sentence, sentence].joined(separator: " ")).count == 13)
  }
}

import HTTPTypes
import Inference
import Testing

@testable import Serving

struct RequestFieldsTests {
  private func fields(_ json: String) throws -> RequestFields { try RequestFields(json: Array(json.utf8)) }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "none"
    } catch let error as APIError {
      #expect(error.status == .badRequest)
      return error.message
    } catch { return "another error: \(error)" }
  }

  @Test func whatIsNoJSONObjectIsRefusedWithWhatItIs() {
    #expect(message { _ = try fields("{\"a\":") }.hasPrefix("the body is no JSON"))
    #expect(message { _ = try fields("") }.hasPrefix("the body is no JSON"))
    #expect(message { _ = try RequestFields(json: [0x7B, 0xFF, 0x7D]) }.hasPrefix("the body is no JSON"))
    #expect(message { _ = try fields("[1]") } == "the body is a list, expected a JSON object")
    #expect(message { _ = try fields("\"x\"") } == "the body is a text, expected a JSON object")
  }

  @Test func nestingAsDeepAsABodyAllowsIsAnErrorAndNoCrash() {
    let deep = String(repeating: "[", count: ServingLimits.bodyBytes)
    #expect(message { _ = try fields(deep) }.hasPrefix("the body is no JSON"))
    #expect(message { _ = try fields(#"{"a":"# + String(repeating: #"{"a":"#, count: 300_000)) } != "none")
  }

  @Test func absentAndNullAreTheSame() throws {
    let fields = try fields(#"{"a": null}"#)
    #expect(try fields.number("a", in: 0...1) == nil && fields.integer("b", in: 0...1) == nil)
    #expect(try fields.boolean("a") == nil && fields.text("a") == nil && fields.texts("a", atMost: 2) == [])
  }

  @Test func aWrongTypeOrRangeNamesTheFieldWhatWasFoundAndWhatIsExpected() throws {
    let fields = try fields(#"{"a": "x", "n": -1.5, "i": 7, "l": ["x", 3], "o": {}, "b": true}"#)
    #expect(
      message { _ = try fields.number("n", in: 0...2) } == "n: found -1.5, expected a number from 0.0 to 2.0")
    #expect(
      message { _ = try fields.integer("i", in: 1...5) } == "i: found 7, expected a whole number from 1 to 5")
    #expect(
      message { _ = try fields.integer("n", in: 1...5) } == "n: found -1.5, expected a whole number from 1 to 5")
    #expect(message { _ = try fields.boolean("a") } == "a: found a text, expected true or false")
    #expect(message { _ = try fields.text("o") } == "o: found an object, expected text")
    #expect(
      message { _ = try fields.texts("l", atMost: 4) } == "l: found 3, expected a text, or a list of at most 4 texts")
    #expect(message { _ = try fields.number("b", in: 0...2) }.hasPrefix("b: found true"))
  }
}

struct TextParametersTests {
  private let limits = ServingLimits(contextLength: 512, vocabularySize: 300)

  private func parameters(_ json: String) throws -> TextParameters {
    try TextParameters(RequestFields(json: Array(json.utf8)), limits: limits)
  }

  private func field(_ json: String) -> String? {
    do {
      _ = try parameters(json)
      return "none"
    } catch let error as APIError {
      return error.field
    } catch { return "another error" }
  }

  @Test func withoutFieldsOpenAIsDefaultsHold() throws {
    let parameters = try parameters("{}")
    #expect(parameters.sampling == Sampling(temperature: 1))
    #expect(parameters.maximumTokens == nil && parameters.seed == nil && parameters.choices == 1)
    #expect(!parameters.isStreaming && !parameters.includesUsage && parameters.stopStrings.isEmpty)
  }

  @Test func everyFieldArrives() throws {
    let parameters = try parameters(
      """
      {"temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "repetition_penalty": 1.1, "presence_penalty": -1,
      "frequency_penalty": 0.5, "max_tokens": 7, "seed": -3, "stop": ["a", "世"], "n": 2, "stream": true,
      "stream_options": {"include_usage": true}, "user": "x", "tools": [], "response_format": {"type": "text"},
      "logit_bias": {}, "best_of": 1, "suffix": null}
      """)
    #expect(
      parameters.sampling
        == Sampling(
          temperature: 0.5, topK: 40, topP: 0.9, minP: 0.1, repetitionPenalty: 1.1, presencePenalty: -1,
          frequencyPenalty: 0.5))
    #expect(parameters.maximumTokens == 7 && parameters.seed == UInt64(bitPattern: -3) && parameters.choices == 2)
    #expect(parameters.stopStrings == ["a", "世"] && parameters.isStreaming && parameters.includesUsage)
    #expect(try self.parameters(#"{"max_tokens": 7, "max_completion_tokens": 9}"#).maximumTokens == 9)
    #expect(try self.parameters(#"{"stop": "one"}"#).stopStrings == ["one"])
  }

  @Test func whatIsOutOfRangeOrNotThereIsRefusedByItsField() {
    for (json, expected) in [
      (#"{"temperature": -1}"#, "temperature"), (#"{"top_p": 0}"#, "top_p"), (#"{"top_p": 1.1}"#, "top_p"),
      (#"{"top_k": -1}"#, "top_k"), (#"{"top_k": 301}"#, "top_k"), (#"{"max_tokens": 0}"#, "max_tokens"),
      (#"{"max_tokens": -5}"#, "max_tokens"), (#"{"max_tokens": 513}"#, "max_tokens"),
      (#"{"max_completion_tokens": "7"}"#, "max_completion_tokens"), (#"{"seed": 1.5}"#, "seed"), (#"{"n": 0}"#, "n"),
      (#"{"n": 17}"#, "n"), (#"{"stop": ""}"#, "stop"), (#"{"stop": [1]}"#, "stop"), (#"{"stream": 1}"#, "stream"),
      (#"{"stream_options": 1}"#, "stream_options"), (#"{"tools": [{}]}"#, "tools"),
      (#"{"response_format": {"type": "json_object"}}"#, "response_format"),
      (#"{"logit_bias": {"5": 1}}"#, "logit_bias"),
      (#"{"presence_penalty": 3}"#, "presence_penalty"), (#"{"suffix": "x"}"#, "suffix"),
    ] { #expect(field(json) == expected, "\(json)") }
  }
}

struct APIKeysTests {
  private func status(_ keys: APIKeys, _ header: String?) -> Int {
    var fields = HTTPFields()
    fields[.authorization] = header
    do {
      try keys.check(fields)
      return 200
    } catch { return error.status.code }
  }

  @Test func anyOfTheKeysOpensAndNothingElse() {
    let keys = APIKeys(["secret", "世界"])
    for header in ["Bearer secret", "bearer secret", "Bearer 世界"] { #expect(status(keys, header) == 200) }
    for header in [
      nil, "", "secret", "Bearer", "Bearer ", "Basic secret", "Bearer secre", "Bearer secrets", "Bearer Secret",
    ] { #expect(status(keys, header) == 401, "\(header ?? "nothing")") }
  }

  @Test func withoutKeysEverybodyIsLetIn() {
    #expect(status(APIKeys([]), nil) == 200 && status(APIKeys([]), "Bearer x") == 200)
  }
}

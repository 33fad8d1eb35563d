/// What is wrong with a model's chat files, with a conversation, or with both together.
public struct ChatError: Error, Equatable, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable {
    private let name: String
    private init(_ name: String) { self.name = name }
    /// The model has no chat template.
    public static let noTemplate = Code("no template")
    /// A file beside the weights cannot be used.
    public static let malformed = Code("malformed")
    /// The template is no template, or uses what is not there.
    public static let template = Code("template")
    /// The template refused the conversation or failed over it.
    public static let rendering = Code("rendering")
    /// The template opens no assistant's turn, so nobody could tell what to learn or where to answer.
    public static let noGenerationPrompt = Code("no generation prompt")
    /// The template shows earlier turns differently once later ones are there.
    public static let unstable = Code("unstable")
    /// A named template needs tokens that the tokenizer does not have.
    public static let missingTokens = Code("missing tokens")
  }
  public let code: Code
  public let problem: String

  public init(_ code: Code, _ problem: String) {
    self.code = code
    self.problem = problem
  }

  public var description: String { problem }
}

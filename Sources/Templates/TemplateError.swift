/// What is wrong with a template, or with what it was given: where, and in words.
public struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  public struct Kind: Hashable, Sendable {
    private let name: String
    /// It is no template.
    public static let syntax = Kind(name: "syntax")
    /// A construct of Jinja that is not there.
    public static let unsupported = Kind(name: "unsupported")
    /// A name or a member that does not exist was used.
    public static let undefined = Kind(name: "undefined")
    /// An operation on values that do not allow it.
    public static let type = Kind(name: "type")
    /// The template called `raise_exception`.
    public static let raised = Kind(name: "raised")
    /// More output, steps or depth than a template may use.
    public static let limit = Kind(name: "limit")
  }
  public let kind: Kind
  /// From 1; 0 when it is not known.
  public let line: Int
  public let problem: String

  public init(_ kind: Kind, line: Int, _ problem: String) {
    self.kind = kind
    self.line = line
    self.problem = problem
  }

  public var description: String { line > 0 ? "line \(line): \(problem)" : problem }

  /// The same at `line`, unless it has a place already.
  func at(_ line: Int) -> TemplateError { self.line > 0 ? self : TemplateError(kind, line: line, problem) }
}

/// How whitespace, missing names and JSON are treated: the settings of the environment that a template was written for.
public struct TemplateOptions: Sendable {
  public enum Undefined: Sendable {
    /// A missing name prints nothing, and only its members are errors: Jinja's default.
    case lenient
    /// Every use of a missing name is an error: Jinja's StrictUndefined.
    case strict
  }
  public enum JSONStyle: Sendable {
    /// `json.dumps` with `ensure_ascii=False`, as transformers gives it to chat templates.
    case plain
    /// Jinja's own: sorted keys, ASCII, `<>&'` escaped.
    case htmlSafe
  }
  /// The newline after a block tag goes.
  public var trimBlocks: Bool
  /// Blanks before a block tag at the beginning of a line go.
  public var lstripBlocks: Bool
  /// One newline at the end of the template stays.
  public var keepTrailingNewline: Bool
  public var undefined: Undefined
  public var json: JSONStyle
  public var limits = TemplateLimits()

  public init(
    trimBlocks: Bool, lstripBlocks: Bool, keepTrailingNewline: Bool, undefined: Undefined, json: JSONStyle
  ) {
    self.trimBlocks = trimBlocks
    self.lstripBlocks = lstripBlocks
    self.keepTrailingNewline = keepTrailingNewline
    self.undefined = undefined
    self.json = json
  }

  /// Chat templates, as transformers compiles them (`ImmutableSandboxedEnvironment`, `trim_blocks`, `lstrip_blocks`).
  public static let chat = TemplateOptions(
    trimBlocks: true, lstripBlocks: true, keepTrailingNewline: false, undefined: .lenient, json: .plain)

  /// Templates of evaluation tasks, as lm-evaluation-harness compiles them (`StrictUndefined`, trailing newline kept).
  public static let task = TemplateOptions(
    trimBlocks: false, lstripBlocks: false, keepTrailingNewline: true, undefined: .strict, json: .htmlSafe)
}

/// A template comes with a model from anywhere: what it may use is bounded.
public struct TemplateLimits: Sendable {
  /// Bytes of template text: chat templates have some kilobytes.
  public var sourceBytes = 1 << 20
  /// Bytes of output, and of any single string: a conversation of a hundred thousand tokens has less.
  public var outputBytes = 64 << 20
  /// Nodes evaluated: some hundred a message.
  public var steps = 20_000_000
  /// Calls of macros and nested expressions.
  public var depth = 200
  /// Elements of `range`, as in Jinja's sandbox.
  public var rangeElements = 100_000
  public init() {}
}

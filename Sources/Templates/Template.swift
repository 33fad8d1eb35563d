/// A template in the subset of Jinja2 that chat templates and evaluation tasks use, with Jinja2's output byte for byte.
/// What is not there is refused when the template is read, with its line.
public struct Template: Sendable {
  public let options: TemplateOptions
  private let statements: [Statement]

  /// - Throws: `TemplateError` of kind `.syntax`, `.unsupported` or `.limit`.
  public init(_ source: String, options: TemplateOptions) throws(TemplateError) {
    self.options = options
    statements = try Parser.parse(source, options)
  }

  /// The text for `context`. `raise_exception`, `namespace`, `range` and `dict` are always there; a host adds
  /// `strftime_now` and others as functions.
  ///
  /// - Throws: `TemplateError` with the line.
  public func render(_ context: TemplateDictionary) throws(TemplateError) -> String {
    var rendering = Rendering(options)
    for entry in context.entries {
      guard case .string(let name) = entry.key else { continue }
      rendering.scopes[0].set(name, entry.value)
    }
    _ = try rendering.run(statements)
    return String(decoding: rendering.output, as: UTF8.self)
  }
}

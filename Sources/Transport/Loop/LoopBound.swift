/// Carries a value that belongs to a loop's thread through `@Sendable` closures.
///
/// `@unchecked Sendable` is true because the value is reached only on the loop's thread, which is checked each time.
public struct LoopBound<Value>: @unchecked Sendable {
  public let loop: EventLoop
  private let bound: Value

  /// On the loop's thread.
  public init(_ value: Value, loop: EventLoop) {
    loop.preconditionOnLoop()
    self.loop = loop
    bound = value
  }

  /// On the loop's thread.
  public var value: Value {
    loop.preconditionOnLoop()
    return bound
  }
}

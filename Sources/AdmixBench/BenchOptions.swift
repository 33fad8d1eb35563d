/// What to time, from the command line.
struct BenchOptions {
  enum Subject: String, CaseIterable {
    case gemm, attention, adamw, train
  }

  var subject = Subject.gemm
  var threads = 2
  var seconds = 0.5
  var shape = BenchShape.smollm2
  var rows = 1
  var length = 1024
  var steps = 5
  /// A file of fp32 little-endian parameters in flat order; random weights without it.
  var weights: String?
  /// Does a step for each line of standard input instead of `steps` of them.
  var serves = false

  /// - Throws: `BenchUsageError` naming the argument.
  init(_ arguments: [String]) throws(BenchUsageError) {
    let subjects = Subject.allCases.map(\.rawValue).joined(separator: "|")
    guard let first = arguments.first, let subject = Subject(rawValue: first) else {
      throw BenchUsageError("expected \(subjects) as the first argument, found '\(arguments.first ?? "")'")
    }
    self.subject = subject
    var rest = arguments.dropFirst()
    while let name = rest.popFirst() {
      if name == "--serve" {
        serves = true
        continue
      }
      guard let value = rest.popFirst() else { throw BenchUsageError("\(name) needs a value, or is unknown") }
      switch name {
      case "--threads": threads = try Self.count(name, value)
      case "--rows": rows = try Self.count(name, value)
      case "--length": length = try Self.count(name, value)
      case "--steps": steps = try Self.count(name, value)
      case "--weights": weights = value
      case "--seconds":
        guard let parsed = Double(value), parsed > 0 else {
          throw BenchUsageError("--seconds is '\(value)'; expected a number above 0")
        }
        seconds = parsed
      case "--shape":
        guard let parsed = BenchShape(rawValue: value) else {
          let names = BenchShape.allCases.map(\.rawValue).joined(separator: ", ")
          throw BenchUsageError("--shape is '\(value)'; expected one of \(names)")
        }
        shape = parsed
      default: throw BenchUsageError("unknown argument \(name)")
      }
    }
  }

  private static func count(_ name: String, _ value: String) throws(BenchUsageError) -> Int {
    guard let parsed = Int(value), (1...65_536).contains(parsed) else {
      throw BenchUsageError("\(name) is '\(value)'; expected a whole number from 1 to 65536")
    }
    return parsed
  }
}

struct BenchUsageError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

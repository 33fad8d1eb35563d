import HTTPTypes
import Hummingbird

/// The keys that open the server; none lets everybody in.
struct APIKeys: Sendable {
  private let keys: [[UInt8]]

  init(_ keys: [String]) { self.keys = keys.map { Array($0.utf8) } }

  /// - Throws: `APIError` of status 401.
  func check(_ headers: HTTPFields) throws(APIError) {
    guard !keys.isEmpty else { return }
    let words = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else {
      throw APIError(
        .unauthorized, "missing_api_key", "this server needs a key: send the header `Authorization: Bearer KEY`")
    }
    let given = Array(words[1].utf8)
    // Every key is compared to its end, so that time tells nothing about where they differ.
    let fits = keys.map { Self.isSame($0, given) }
    guard fits.contains(true) else { throw APIError(.unauthorized, "invalid_api_key", "this key is not known here") }
  }

  private static func isSame(_ key: [UInt8], _ given: [UInt8]) -> Bool {
    var difference = UInt64(key.count ^ given.count)
    for (index, byte) in key.enumerated() { difference |= UInt64(byte ^ (index < given.count ? given[index] : 0)) }
    return difference == 0
  }
}

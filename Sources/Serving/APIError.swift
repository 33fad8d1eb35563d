import HTTPTypes
import Hummingbird
import Results
import TextGeneration

/// What a client is told when a request cannot be answered: OpenAI's error object.
struct APIError: Error, Equatable {
  let status: HTTPResponse.Status
  let message: String
  /// The request's field at fault.
  let field: String?
  let code: String

  init(_ status: HTTPResponse.Status, _ code: String, _ message: String, field: String? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.field = field
  }

  static func invalid(_ field: String, found: String, expected: String) -> APIError {
    APIError(.badRequest, "invalid_value", "\(field): found \(found), expected \(expected)", field: field)
  }

  init(_ refusal: TextRefusal) {
    switch refusal {
    case .unfit(let reason): self.init(.badRequest, "invalid_value", reason)
    case .busy: self.init(.tooManyRequests, "busy", "\(refusal)")
    case .stopping: self.init(.serviceUnavailable, "shutting_down", "\(refusal)")
    }
  }

  private var type: String {
    switch status {
    case .unauthorized: "authentication_error"
    case .tooManyRequests, .serviceUnavailable: "overloaded_error"
    case .internalServerError: "server_error"
    default: "invalid_request_error"
    }
  }

  var node: JSONNode {
    [
      "error": [
        "message": .string(message), "type": .string(type), "param": field.map(JSONNode.string) ?? .null,
        "code": .string(code),
      ]
    ]
  }

  var response: Response {
    var response = Response.json(node, status: status)
    if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
    if status == .tooManyRequests || status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
    return response
  }
}

extension Response {
  static func json(_ node: JSONNode, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: node.text() + "\n")))
  }
}

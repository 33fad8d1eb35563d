import Glibc
import Transformer

/// The whole model in Double, written from the papers with loops and nothing else: the twin that stays.
struct NaiveLlama {
  let shape: LlamaShape
  let layout: ParameterLayout

  init(_ shape: LlamaShape) {
    self.shape = shape
    layout = ParameterLayout(shape)
  }

  /// Sum of the valid tokens' losses of a row.
  func loss(_ weights: [Double], _ row: TokenRow) -> Double {
    var total = 0.0
    let bounds = row.documentStarts + [row.tokens.count]
    for (start, end) in zip(bounds, bounds.dropFirst()) {
      let logits = logits(weights, Array(row.tokens[start..<end]))
      for (line, target) in zip(logits, row.targets[start..<end]) where target >= 0 {
        total += log(line.reduce(0) { $0 + exp($1) }) - line[Int(target)]
      }
    }
    return total
  }

  private func logits(_ weights: [Double], _ tokens: [Int32]) -> [[Double]] {
    let d = shape.dimension
    let embedding = matrix(weights, "model.embed_tokens.weight")
    var x = tokens.map { Array(embedding[Int($0) * d..<(Int($0) + 1) * d]) }
    for layer in 0..<shape.layers {
      let p = "model.layers.\(layer)."
      let normed = x.map { norm($0, matrix(weights, p + "input_layernorm.weight")) }
      let attended = attention(
        normed.map { project(weights, p + "self_attn.q_proj", $0) },
        normed.map { project(weights, p + "self_attn.k_proj", $0) },
        normed.map { project(weights, p + "self_attn.v_proj", $0) })
      x = zip(x, attended).map { add($0, project(weights, p + "self_attn.o_proj", $1)) }
      x = x.map { line in
        let n = norm(line, matrix(weights, p + "post_attention_layernorm.weight"))
        let gate = project(weights, p + "mlp.gate_proj", n)
        let up = project(weights, p + "mlp.up_proj", n)
        return add(line, project(weights, p + "mlp.down_proj", zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }))
      }
    }
    let head = matrix(weights, shape.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight")
    return x.map { multiply(head, norm($0, matrix(weights, "model.norm.weight"))) }
  }

  private func attention(_ q: [[Double]], _ k: [[Double]], _ v: [[Double]]) -> [[Double]] {
    let d = shape.headDimension
    return q.indices.map { i in
      (0..<shape.heads).flatMap { head -> [Double] in
        let group = head / (shape.heads / shape.keyValueHeads)
        let query = rotate(Array(q[i][head * d..<(head + 1) * d]), i)
        let scores = (0...i).map { j in
          let key = rotate(Array(k[j][group * d..<(group + 1) * d]), j)
          return exp(zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } / Double(d).squareRoot())
        }
        let total = scores.reduce(0, +)
        return (0..<d).map { e in (0...i).reduce(0) { $0 + scores[$1] / total * v[$1][group * d + e] } }
      }
    }
  }

  private func rotate(_ x: [Double], _ position: Int) -> [Double] {
    let half = x.count / 2
    return x.indices.map { i in
      let angle = Double(position) * frequency(i % half)
      return i < half ? x[i] * cos(angle) - x[i + half] * sin(angle) : x[i] * cos(angle) + x[i - half] * sin(angle)
    }
  }

  private func frequency(_ i: Int) -> Double {
    let plain = pow(shape.ropeTheta, -2 * Double(i) / Double(shape.headDimension))
    switch shape.ropeScaling {
    case nil: return plain
    case .linear(let factor): return plain / factor
    case .llama3(let factor, let low, let high, let original):
      let turns = Double(original) * plain / (2 * Double.pi)
      let smooth = min(1, max(0, (turns - low) / (high - low)))
      return (1 - smooth) * plain / factor + smooth * plain
    }
  }

  private func norm(_ x: [Double], _ weight: [Double]) -> [Double] {
    let r = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + shape.normEpsilon).squareRoot()
    return zip(x, weight).map { $0 * r * $1 }
  }

  private func project(_ weights: [Double], _ name: String, _ x: [Double]) -> [Double] {
    let product = multiply(matrix(weights, name + ".weight"), x)
    guard let bias = layout.tensor(named: name + ".bias") else { return product }
    return add(product, Array(weights[bias.range]))
  }

  private func multiply(_ matrix: [Double], _ x: [Double]) -> [Double] {
    (0..<matrix.count / x.count).map { row in
      var sum = 0.0
      for i in x.indices { sum += matrix[row * x.count + i] * x[i] }
      return sum
    }
  }

  private func add(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map(+) }

  private func matrix(_ weights: [Double], _ name: String) -> [Double] {
    guard let tensor = layout.tensor(named: name) else { preconditionFailure("no tensor \(name)") }
    return Array(weights[tensor.range])
  }
}

import Foundation
import TestSupport
import Testing

@Suite("admix study")
struct StudyCommandTests {
  /// A 4 × 4 grid whose losses are a bowl in ln η and fall with the ratio, retained ones rising with both.
  private func cells(_ job: TinyJob, name: String = "cells.csv", separator: String = ",") throws {
    var lines = ["almr,learning_rate,seed,tokens,loss_zh,loss_en,initial_zh,initial_en"]
    for (i, ratio) in [0.1, 0.3, 0.5, 0.7].enumerated() {
      for (j, rate) in [5e-5, 1.2e-4, 3e-4, 7e-4].enumerated() {
        let t = log(rate / 2e-4) + 0.5 * ratio
        let wiggle = 0.002 * sin(Double(7 * i + 3 * j))
        let new = 2 + 0.4 * exp(-3 * ratio) + 0.06 * (t * t + t * t * t / 4) + wiggle
        let old = 2.5 + 0.3 * ratio * ratio * (rate / 2e-4).squareRoot() - wiggle
        lines.append("\(ratio),\(rate),1,1000000000,\(new),\(old),3.1,2.5")
      }
    }
    try job.directory.write(
      lines.map { $0.replacingOccurrences(of: ",", with: separator) }.joined(separator: "\n") + "\n", to: name)
  }

  @Test("recommend, fit, transfer and verify work hand in hand, and write the same bytes twice")
  func handInHand() throws {
    let job = try TinyJob()
    try cells(job)
    let sets = ["--new", "zh", "--retained", "en"]
    let first = try job.admix(["study", "recommend", "cells.csv", "--bootstrap", "50", "--output", "a"] + sets)
    #expect(first.status == 0, "\(first.error)")
    #expect(first.output.contains("**ALMR 0.") && first.output.contains("en binds"), "\(first.output)")
    let json = try job.admix(["study", "recommend", "cells.csv", "--bootstrap", "50", "--json"] + sets)
    let answer = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(answer["schema"] as? Int == 1 && answer["almr"] is Double)
    let written = try String(contentsOf: job.directory.url.appendingPathComponent("a/answer.json"), encoding: .utf8)
    #expect(written == json.output)
    for name in ["answer.md", "ridge.csv", "surface-zh.csv", "regret.csv", "pareto.csv", "residuals.csv", "laws.csv"] {
      #expect(FileManager.default.fileExists(atPath: job.directory.url.path + "/a/" + name), "\(name)")
    }
    let fit = try job.admix(["study", "fit", "cells.csv", "--law", "mixing", "--output", "f"] + sets)
    #expect(fit.status == 0 && fit.output.contains("## mixing of zh"), "\(fit.error)")

    let shape = """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 512, "hidden_size": WIDTH,
      "intermediate_size": 172, "num_hidden_layers": LAYERS, "num_attention_heads": 8, "num_key_value_heads": 4,
      "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "tie_word_embeddings": true, "hidden_act": "silu"}
      """
    for (name, width, layers) in [("small.json", "64", "4"), ("large.json", "128", "8")] {
      let text = shape.replacingOccurrences(of: "WIDTH", with: width).replacingOccurrences(of: "LAYERS", with: layers)
      try job.directory.write(text, to: name)
    }
    let transfer = try job.admix(
      ["study", "transfer", "--answer", "a/answer.json", "--from", "small.json", "--to", "large.json", "--output", "t"])
    #expect(transfer.status == 0 && transfer.output.contains("| width | κ = d_small/d_large | 0.50 |"), "\(transfer)")
    let carried = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: job.directory.url.appendingPathComponent("t/transfer.json"))) as? [String: Any])
    let (ratio, rate) = (carried["almr"] as? Double ?? 0, carried["learning_rate"] as? Double ?? 0)
    try job.directory.write(
      "almr,learning_rate,loss_zh,loss_en,initial_en\n\(ratio),\(rate),2.0,2.2,2.19\n"
        + "\(ratio),\(rate * 1.6),2.1,2.2,2.19\n",
      to: "large.csv")
    let verify = try job.admix(["study", "verify", "large.csv", "--transfer", "t/transfer.json", "--check"] + sets)
    #expect(verify.status == 0 && verify.output.contains("Yes: the carried setting"), "\(verify)")
    let plan = try job.admix([
      "study", "plan", "--lowest-rate", "3e-5", "--highest-rate", "1e-3", "--cell-tokens", "2B", "--json",
    ])
    #expect(plan.status == 0 && plan.output.contains("\"cells\": 18"), "\(plan)")
  }

  @Test("Mistakes end with exit code 2 and one sentence")
  func mistakes() throws {
    let job = try TinyJob()
    try cells(job)
    try cells(job, name: "german.csv", separator: ";")
    let cases: [(arguments: [String], says: String)] = [
      (["recommend", "none.csv", "--new", "zh", "--retained", "en"], "there is no such file"),
      (["recommend", "german.csv", "--new", "zh", "--retained", "en"], "semicolons"),
      (["recommend", "cells.csv", "--retained", "en"], "give --new NAME"),
      (["recommend", "cells.csv", "--new", "fr", "--retained", "en"], "no column fr"),
      (["recommend", "cells.csv", "--new", "zh"], "--no-constraint"),
      (["recommend", "cells.csv", "--new", "zh=x", "--retained", "en"], "NAME=NUMBER"),
      (["recommend", "cells.csv", "--new", "zh", "--retained", "en", "--budget", "lots"], "such as 500M"),
      (
        ["recommend", "cells.csv", "--new", "zh", "--retained", "en", "--schedule", "steep"],
        "constant, cosine, linear or wsd"
      ),
      (["fit", "cells.csv", "--new", "zh", "--law", "kaplan"], "no law of that name"),
      (["transfer", "--from", "no.json", "--to", "no.json", "--almr", "0.3", "--learning-rate", "1e-4"], "no.json"),
      (["transfer", "--from", "a", "--to", "b"], "no setting is given"),
      (["verify", "cells.csv", "--transfer", "cells.csv", "--new", "zh"], "found no JSON"),
      (["plan", "--lowest-rate", "1e-3", "--highest-rate", "1e-5", "--cell-tokens", "2B"], "below the highest"),
    ]
    for (arguments, says) in cases {
      let ended = try job.admix(["study"] + arguments)
      #expect(ended.status == 2 && ended.output.isEmpty, "\(arguments): \(ended)")
      #expect(ended.error.contains(says), "\(arguments): \(ended.error)")
    }
  }
}

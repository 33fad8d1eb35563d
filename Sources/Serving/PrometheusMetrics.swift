import TextGeneration

/// What the engine did, in Prometheus' text format 0.0.4.
struct PrometheusMetrics {
  let statistics: TextEngine.Statistics
  let model: String

  var text: String {
    let s = statistics
    return [
      counter("admix_requests_total", "Texts that were begun.", Double(s.requests)),
      counter("admix_requests_refused_total", "Texts that were refused.", Double(s.refused)),
      counter("admix_requests_finished_total", "Texts that ended by themselves.", Double(s.finished)),
      counter("admix_requests_cancelled_total", "Texts that were ended by their clients.", Double(s.cancelled)),
      counter("admix_prompt_tokens_total", "Tokens of prompts.", Double(s.promptTokens)),
      counter("admix_prompt_tokens_cached_total", "Of them, those found in the cache.", Double(s.cachedPromptTokens)),
      counter("admix_generated_tokens_total", "Tokens generated.", Double(s.generatedTokens)),
      counter("admix_busy_seconds_total", "Seconds in which the model computed.", s.busySeconds),
      gauge("admix_requests_running", "Texts that run.", Double(s.running)),
      gauge("admix_requests_waiting", "Texts that wait for a place.", Double(s.waiting)),
      gauge("admix_cache_pages", "Pages of keys and values that the limit allows.", Double(s.cachePages)),
      gauge("admix_cache_pages_used", "Pages of keys and values in use.", Double(s.cacheUsedPages)),
    ].joined()
  }

  private func counter(_ name: String, _ help: String, _ value: Double) -> String {
    sample(name, "counter", help, value)
  }

  private func gauge(_ name: String, _ help: String, _ value: Double) -> String { sample(name, "gauge", help, value) }

  private func sample(_ name: String, _ type: String, _ help: String, _ value: Double) -> String {
    var label = ""
    for scalar in model.unicodeScalars {
      switch scalar {
      case "\\": label += "\\\\"
      case "\"": label += "\\\""
      case "\n": label += "\\n"
      default: label.unicodeScalars.append(scalar)
      }
    }
    let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    return "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name){model=\"\(label)\"} \(number)\n"
  }
}

import Glibc

/// Seconds of the monotonic clock.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Median seconds of `body`, called at least five times and until `seconds` have passed; the first call warms up.
func medianSeconds(atLeast seconds: Double, _ body: () -> Void) -> Double {
  body()
  var samples: [Double] = []
  let end = monotonicSeconds() + seconds
  while samples.count < 5 || monotonicSeconds() < end {
    let start = monotonicSeconds()
    body()
    samples.append(monotonicSeconds() - start)
  }
  return samples.sorted()[samples.count / 2]
}

/// The load average over a minute, as the system gives it.
func loadAverage() -> Double {
  var load = 0.0
  return getloadavg(&load, 1) == 1 ? load : -1
}

/// Seconds that this process' threads have computed so far, apart from the system's share.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
}

/// The largest resident size of this process so far, in bytes.
func peakResidentBytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}

/// One JSON object on a line of standard output. Values are numbers, or strings of plain letters.
func printJSON(_ members: KeyValuePairs<String, any BenchValue>) {
  print("{" + members.map { "\"\($0.key)\": \($0.value.json)" }.joined(separator: ", ") + "}")
  fflush(nil)
}

protocol BenchValue {
  var json: String { get }
}

extension Int: BenchValue {
  var json: String { "\(self)" }
}

extension Double: BenchValue {
  var json: String { isFinite ? "\(self)" : "null" }
}

extension String: BenchValue {
  var json: String { "\"\(self)\"" }
}

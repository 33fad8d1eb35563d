import Results
import Testing
import WireProtocol

@Suite("A pipeline drawn")
struct GraphTextTests {
  @Test("A line a stage, further right the later it can begin, with progress and what it waits for")
  func lines() {
    func job(_ number: UInt32, _ state: JobState) -> JobStatus {
      SampleCluster.job(number, "x", state)
    }
    var running = job(3, .running)
    (running.step, running.steps, running.phase, running.losses) = (5, 20, "cells", [Metric("zh", 3.25)])
    var failed = job(4, .failed)
    (failed.step, failed.steps, failed.losses, failed.reason) = (0, 0, [], "no text")
    var done = job(2, .completed)
    (done.step, done.steps, done.losses) = (1, 1, [])
    let drawn = graphLines([
      GraphStage(name: "tok", needs: [], status: done), GraphStage(name: "grid", needs: ["tok"], status: running),
      GraphStage(name: "other", needs: [], status: failed),
      GraphStage(name: "choose", needs: ["grid", "other"], status: nil),
    ])
    #expect(
      drawn == [
        "✓ tok         COMPLETED  1/1",
        "  ▶ grid      RUNNING    [#####···············] 5/20 cells zh 3.25  ← tok",
        "✗ other       FAILED     no text",
        "    · choose                                                        ← grid, other",
      ])
  }
}

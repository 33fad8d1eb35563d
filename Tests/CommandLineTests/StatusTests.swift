import Results
import Testing
import WireProtocol

@Suite("Status")
struct StatusTests {
  @Test("At a glance: health, a line a job, what is wrong and what to type")
  func text() {
    #expect(
      statusLines(SampleCluster.busy) == [
        "DEGRADED 1/2 workers · 2,940 tok/s · exchange wait 6 %",
        "ID  NAME       STATE      KIND      STEP  LOSS                       TOK/S  CKPT   ETA  REASON",
        "13  旧的       COMPLETED  cpt      60/60                                 –  3m00     –",
        "14  llama3-zh  RUNNING    cpt   412/2000  zh_held 2.41 en_held 1.98  2,940  3m00  5h12  training",
        "15  next       PENDING    cpt       0/60                                 –     –     –  "
          + "waits for job 14 llama3-zh",
        "16  stuck      PAUSED     cpt       9/60                                 –  3m00     –  "
          + "no space left on host-1 in /var/admix",
        "! host-2 (10.0.0.2:7451) suspect: no heartbeat for 4 s, last phase exchange",
        "! job 16 stuck is paused → admix resume 16",
      ])
  }

  @Test("The headline's word follows the workers")
  func headline() {
    func word(_ states: [WorkerStatus.State]) -> String? {
      let workers = states.enumerated().map { SampleCluster.worker(UInt32($0.offset), $0.element) }
      let status = ClusterStatus(workUnitsPerSecond: 0, waitShare: 0, workers: workers, jobs: [])
      return statusLines(status).first.map { String($0.prefix { $0 != "/" }) }
    }
    #expect(word([]) == "NO WORKERS 0")
    #expect(word([.idle, .busy]) == "OK 2")
    #expect(word([.idle, .lost]) == "DEGRADED 1")
    #expect(word([.lost, .suspect]) == "DOWN 0")
  }

  @Test("A job that waits always has a reason")
  func reasons() {
    let pending = SampleCluster.job(3, "c", .pending)
    func reason(_ job: JobStatus, workers: [WorkerStatus], others: [JobStatus] = []) -> String {
      Results.reason(
        of: job, in: ClusterStatus(workUnitsPerSecond: 0, waitShare: 0, workers: workers, jobs: others + [job]))
    }
    let worker = SampleCluster.worker(1, .busy)
    #expect(reason(pending, workers: []) == "no worker is connected")
    #expect(reason(pending, workers: [SampleCluster.worker(1, .lost)]) == "no worker is connected")
    let running = SampleCluster.job(2, "b", .running)
    #expect(reason(pending, workers: [worker], others: [running]) == "waits for job 2 b")
    #expect(reason(pending, workers: [worker]) == "waits to be assigned")
    #expect(reason(SampleCluster.job(3, "c", .paused), workers: [worker]) == "paused; go on with: admix resume 3")
  }

  @Test("status --json has the promised keys")
  func json() throws {
    let object = try #require(JSONNode(parsing: statusObject(SampleCluster.busy).text(indented: true)))
    #expect(object["schema"] == .integer(1))
    #expect(object["cluster"] == ["tokens_per_second": .integer(2940), "wait_share": .number(0.06)])
    guard case .array(let workers)? = object["workers"], case .array(let jobs)? = object["jobs"] else {
      Issue.record("workers and jobs are lists")
      return
    }
    for key in ["id", "name", "address", "state", "isa", "threads", "tokens_per_second", "rss_bytes", "reason"] {
      #expect(workers[1][key] != nil, "\(key)")
    }
    #expect(workers[1]["state"] == "suspect")
    for key in [
      "id", "name", "kind", "state", "step", "steps", "losses", "eta_seconds", "checkpoint_age_seconds", "reason",
    ] {
      #expect(jobs[1][key] != nil, "\(key)")
    }
    #expect(jobs[1]["losses"] == ["en_held": .number(1.98), "zh_held": .number(2.41)])
    #expect(jobs[2]["reason"] == "waits for job 14 llama3-zh")
    #expect(jobs[2]["eta_seconds"] == .null)
  }

  @Test("Jobs are found by number, name and unique prefix")
  func lookup() throws {
    var jobs = SampleCluster.busy.jobs
    jobs += [SampleCluster.job(17, "next", .running), SampleCluster.job(18, "llama2", .pending)]
    jobs += [SampleCluster.job(19, "house", .running), SampleCluster.job(20, "next-stage", .pending, parent: 19)]
    func find(_ word: String) -> String {
      do { return "\(try job(named: word, among: jobs).id)" } catch { return String(describing: error) }
    }
    #expect(find("14") == "14")
    #expect(find("llama3-zh") == "14")
    #expect(find("llama3") == "14")
    #expect(find("旧") == "13")
    // A name that is whole beats those it begins; the latest of several is meant.
    #expect(find("next") == "17")
    #expect(find("house/next-stage") == "20")
    #expect(find("house/n") == "20")
    #expect(
      find("llama")
        == "`llama` begins the names of several jobs: llama2, llama3-zh. Give more of it, or a number")
    #expect(find("99") == "there is no job 99. `admix jobs` lists them")
    #expect(find("zzz") == "no job is named `zzz`. `admix jobs` lists them")
    #expect(find("") == "no job is named ``. `admix jobs` lists them")
  }
}

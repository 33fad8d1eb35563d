import WireProtocol

/// Who asked, and under which number.
struct Asker: Sendable {
  let connection: ConnectionID
  let correlation: UInt64
}

// Requests of clients. Answers are effects, so they leave after what they acknowledge is durable.
extension Coordinator {
  mutating func handle(_ request: ClientRequest, _ asker: Asker) {
    switch request {
    case .submit(let submit): answer(self.submit(submit), asker)
    case .controlJob(let control): answer(self.control(control), asker)
    case .queryStatus:
      let status = clusterStatus
      answer(fitting(.clusterStatus(status), status, "the status"), asker)
    case .queryJob(let query):
      guard let job = jobs[query.job] else { return answer(notFound(query.job), asker) }
      let detail = detail(of: job)
      answer(fitting(.jobDetail(detail), detail, "all about job \(job.id)"), asker)
    case .queryMetrics(let query):
      guard jobs[query.job] != nil else { return answer(notFound(query.job), asker) }
      batch.effects.append(.answerMetrics(query, to: asker.connection, correlation: asker.correlation))
    case .queryEvents(let query):
      guard query.job.number == 0 || jobs[query.job] != nil else { return answer(notFound(query.job), asker) }
      batch.effects.append(.answerEvents(query, to: asker.connection, correlation: asker.correlation))
    }
  }

  private mutating func answer(_ message: CoordinatorMessage, _ asker: Asker) {
    batch.effects.append(
      .send(message, to: asker.connection, stream: 0, correlation: asker.correlation, generation: 0))
  }

  /// The answer, or a refusal when it outgrows a control frame.
  private func fitting(_ answer: CoordinatorMessage, _ body: some WireMessage, _ what: String) -> CoordinatorMessage {
    let count = body.encodedBody().count
    guard count > WireLimits.controlBodyBytes else { return answer }
    return .requestFailed(
      RequestFailed(
        reason: .refused, sentence: "\(what) has \(count) bytes; a message carries \(WireLimits.controlBodyBytes)"))
  }

  private func notFound(_ job: JobID) -> CoordinatorMessage {
    .requestFailed(RequestFailed(reason: .notFound, sentence: "there is no job \(job)"))
  }

  // MARK: Submit

  private mutating func submit(_ submit: Submit) -> CoordinatorMessage {
    if let known = submissions[submit.submission] { return .submitted(Submitted(job: known)) }
    guard submit.submission != .zero else {
      return .requestFailed(RequestFailed(reason: .malformed, sentence: "the submission has no token"))
    }
    if let problem = PlanValidation.problem(in: submit.plan) {
      return .requestFailed(RequestFailed(reason: .refused, sentence: "the plan is refused: \(problem)"))
    }
    let record = JobSubmittedRecord(
      job: nextJobID, parent: JobID(0), parentPhase: 0, stage: 0, plan: submit.plan, jobFile: submit.jobFile,
      recipeDigest: submit.recipeDigest, submission: submit.submission, unixMilliseconds: now.unixMilliseconds)
    submissions[submit.submission] = record.job
    enqueue(record)
    note("job \(record.job) (\(submit.plan.name)) was submitted", job: record.job)
    startPhase(record.job)
    return .submitted(Submitted(job: record.job))
  }

  // MARK: Control

  private mutating func control(_ control: ControlJob) -> CoordinatorMessage {
    guard let job = jobs[control.job] else { return notFound(control.job) }
    if job.hasParent {
      return wrongState("job \(job.id) is a stage of job \(job.submitted.parent): control that one")
    }
    let state = job.state.state
    switch control.action {
    case .cancel:
      guard !state.isFinal else { return wrongState("\(job.title) is \(state.word) already") }
      cancel(job.id)
    case .pause:
      guard !state.isFinal, state != .paused else { return wrongState("\(job.title) is \(state.word), not RUNNING") }
      pause(job.id)
    case .resume:
      guard state == .paused || job.state.pauseRequested else {
        let way = state == .failed || state == .cancelled ? "; retry it" : ""
        return wrongState("\(job.title) is \(state.word), not PAUSED\(way)")
      }
      resume(job.id)
    case .retry:
      guard state == .failed || state == .cancelled else {
        return wrongState("\(job.title) is \(state.word), not FAILED or CANCELLED")
      }
      retry(job.id)
    }
    return .acknowledged(Acknowledged())
  }

  private func wrongState(_ sentence: String) -> CoordinatorMessage {
    .requestFailed(RequestFailed(reason: .wrongState, sentence: sentence))
  }
}

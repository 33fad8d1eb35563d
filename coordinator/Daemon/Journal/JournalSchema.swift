internal import GRDB
internal import StateFiles

/// The journal's tables. Rows that a message type describes keep it in the wire's own encoding, whose decoder trusts
/// nothing; columns are what is asked for by SQL. Every table keeps its rowid, so that rows come back in the order in
/// which they were first written, and has its key as UNIQUE.
enum JournalSchema {
  /// "Admx": tells our databases from others (PRAGMA application_id).
  static let applicationID: Int32 = 0x4164_6D78

  /// The statements that lead from each version to the next; the schema's version is their count. Never edit an entry
  /// that was released: append.
  static let migrations: [String] = [
    """
    CREATE TABLE meta (key TEXT NOT NULL UNIQUE, value NOT NULL);
    CREATE TABLE workers (node BLOB NOT NULL UNIQUE, worker INTEGER NOT NULL, name TEXT NOT NULL);
    CREATE TABLE jobs (
      job INTEGER NOT NULL UNIQUE, parent INTEGER NOT NULL, parent_phase INTEGER NOT NULL, stage INTEGER NOT NULL,
      plan BLOB NOT NULL, job_file TEXT NOT NULL, recipe_digest BLOB NOT NULL, submission BLOB NOT NULL,
      unix_ms INTEGER NOT NULL);
    CREATE TABLE job_states (
      job INTEGER NOT NULL UNIQUE, state INTEGER NOT NULL, phase INTEGER NOT NULL, pause_requested INTEGER NOT NULL,
      reason TEXT NOT NULL, unix_ms INTEGER NOT NULL);
    CREATE TABLE phases_started (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, run_token BLOB NOT NULL, UNIQUE (job, phase));
    CREATE TABLE phases_completed (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, outputs BLOB NOT NULL, results BLOB NOT NULL,
      telemetry BLOB NOT NULL, UNIQUE (job, phase));
    CREATE TABLE shards (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, shard INTEGER NOT NULL, outputs BLOB NOT NULL,
      result TEXT NOT NULL, UNIQUE (job, phase, shard));
    CREATE TABLE cache (key BLOB NOT NULL UNIQUE, outputs BLOB NOT NULL, result TEXT NOT NULL);
    CREATE TABLE assignments (
      assignment INTEGER NOT NULL UNIQUE, worker INTEGER NOT NULL, job INTEGER NOT NULL, phase INTEGER NOT NULL,
      shard INTEGER, checkpoint_step INTEGER);
    CREATE TABLE commits (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, step INTEGER NOT NULL, attempt INTEGER NOT NULL,
      generation INTEGER NOT NULL, participants BLOB NOT NULL, digest BLOB NOT NULL, chain BLOB NOT NULL,
      work_units INTEGER NOT NULL, metrics BLOB NOT NULL CHECK (length(metrics) <= 4096), telemetry BLOB NOT NULL,
      unix_ms INTEGER NOT NULL, UNIQUE (job, phase, step));
    CREATE TABLE evaluations (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, step INTEGER NOT NULL, totals BLOB NOT NULL,
      UNIQUE (job, phase, step));
    CREATE TABLE checkpoints (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, step INTEGER NOT NULL, chain BLOB NOT NULL, tree BLOB NOT NULL,
      unix_ms INTEGER NOT NULL, UNIQUE (job, phase, step));
    CREATE TABLE events (
      sequence INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, job INTEGER NOT NULL, text TEXT NOT NULL);
    CREATE INDEX events_of_job ON events (job, sequence);
    """,
    """
    CREATE TABLE shard_checkpoints (
      job INTEGER NOT NULL, phase INTEGER NOT NULL, shard INTEGER NOT NULL, step INTEGER NOT NULL, chain BLOB NOT NULL,
      tree BLOB NOT NULL, UNIQUE (job, phase, shard));
    """,
  ]

  static var version: Int { migrations.count }

  /// Brings the database to this build's schema, in one transaction. Throws `.newerSchema` and `.foreign`.
  static func migrate(_ database: Database, path: String) throws {
    let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if application != applicationID {
      let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      guard application == 0, found == 0, tables == 0 else {
        throw JournalError(
          .foreign, path: path, problem: "is a database of another program; choose another --state directory")
      }
    }
    guard found <= version else {
      throw JournalError(
        .newerSchema, path: path,
        problem: "has schema \(found), written by a later Admix; this build knows schemas up to \(version). "
          + "Start the later release again, or choose another --state directory")
    }
    guard found < version || application != applicationID else { return }
    try database.inTransaction(.immediate) {
      for statements in migrations[max(0, found)...] { try database.execute(sql: statements) }
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      try database.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }
}

/// A task file that is part of the program.
struct EmbeddedTask: Sendable {
  let name: String
  let text: String
}

/// All of them, by name; written by scripts/embed-tasks.py.
let embeddedTasks: [EmbeddedTask] = [
  cevalTestTemplateTasks,
  cevalTestTasks,
  cevalValidTemplateTasks,
  cevalValidTasks,
  cmmluTemplateTasks,
  cmmluTasks,
  eqBenchTasks,
  eqBenchOfficialTasks,
  gsm8kTasks,
  humanevalTasks,
  mbppTasks,
  mmluTemplateTasks,
  mmluTasks,
]

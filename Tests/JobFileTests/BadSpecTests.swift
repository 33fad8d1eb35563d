import Testing

@Suite("Job files with a mistake")
struct BadSpecTests {
  /// What follows `job: paint\nwall: wall\n` (lines 1 and 2), and what is said of it.
  static let cases: [(yaml: String, complaint: String)] = [
    ("coats: many",
      "job.yaml:3:8: coats: found `many`, expected a whole number from 1 to 1,000. Write for example "
        + "`coats: 1`"
    ),
    ("coats: \"3\"",
      "job.yaml:3:8: coats: found the text \"3\", expected a whole number from 1 to 1,000. Leave out the "
        + "quotes"
    ),
    ("coats: 0",
      "job.yaml:3:8: coats: found `0`, expected a whole number from 1 to 1,000. Write for example "
        + "`coats: 1`"
    ),
    ("coats: 2.5",
      "job.yaml:3:8: coats: found `2.5`, expected a whole number from 1 to 1,000. Write for example "
        + "`coats: 1`"
    ),
    ("coats: 99999999999999999999",
      "job.yaml:3:8: coats: found `99999999999999999999`, expected a whole number from 1 to 1,000. Write "
        + "for example `coats: 1`"
    ),
    ("coats: [3]",
      "job.yaml:3:8: coats: found a list of 1 element, expected a whole number from 1 to 1,000. Write "
        + "for example `coats: 1`"
    ),
    ("coats: {a: 3}",
      "job.yaml:3:8: coats: found a mapping, expected a whole number from 1 to 1,000. Write for example "
        + "`coats: 1`"
    ),
    ("coats:",
      "job.yaml:3:7: coats: found nothing, expected a whole number from 1 to 1,000. Write for example "
        + "`coats: 1`"
    ),
    ("litres: -1",
      "job.yaml:3:9: litres: found `-1`, expected a whole number of at least 1. Write for example "
        + "`litres: 1`"
    ),
    ("litres: 1.5",
      "job.yaml:3:9: litres: found `1.5`, expected a whole number of at least 1. Write for example "
        + "`litres: 1`"
    ),
    ("coat: 3", "job.yaml:3:1: coat: unknown key. Did you mean `coats`?"),
    ("Coats: 3", "job.yaml:3:1: Coats: unknown key. Did you mean `coats`?"),
    ("ladder: tall",
      "job.yaml:3:1: ladder: unknown key. Known here: job, name, output, wall, colours, coats, litres, "
        + "recipe, shares, rooms"
    ),
    ("lr: 0.1", "job.yaml:3:1: lr: this key is not one of Admix's. Admix calls it `recipe.learning_rate`"),
    ("cutoff_len: 128",
      "job.yaml:3:1: cutoff_len: this key is not one of Admix's. Admix calls it `recipe.sequence_length`"
    ),
    ("num_train_epochs: 3",
      "job.yaml:3:1: num_train_epochs: this key is not one of Admix's. Write `recipe.steps` or "
        + "`recipe.tokens`; passes over each source follow from them and from the mixture"
    ),
    ("recipe: fast",
      "job.yaml:3:9: recipe: found `fast`, expected a mapping. Write for example `recipe: {thinner: "
        + "0.1}`"
    ),
    ("recipe: [1]",
      "job.yaml:3:9: recipe: found a list of 1 element, expected a mapping. Write for example `recipe: "
        + "{thinner: 0.1}`"
    ),
    ("recipe: {thinner: 1.2}",
      "job.yaml:3:19: recipe.thinner: found `1.2`, expected a ratio from 0 to 1. Write for example "
        + "`thinner: 0.3`"
    ),
    ("recipe: {thinner: nan}",
      "job.yaml:3:19: recipe.thinner: found `nan`, expected a ratio from 0 to 1. Write for example "
        + "`thinner: 0.3`"
    ),
    ("recipe: {speed: 0}",
      "job.yaml:3:17: recipe.speed: found `0`, expected a number above 0 and at most 10. Write for "
        + "example `speed: 0.1`"
    ),
    ("recipe: {speed: 0x10}",
      "job.yaml:3:17: recipe.speed: found `0x10`, expected a number above 0 and at most 10. Write for "
        + "example `speed: 0.1`"
    ),
    ("recipe: {bounds: [0.5]}",
      "job.yaml:3:18: recipe.bounds: found a list of 1 element, expected a list of 2 values, each a "
        + "number of at least 0 and below 1. Write for example `bounds: [0.1, 0.1]`"
    ),
    ("recipe: {bounds: [0.5, 1]}",
      "job.yaml:3:24: recipe.bounds[1]: found `1`, expected a number of at least 0 and below 1. Write "
        + "for example `0.1`"
    ),
    ("recipe: {finish: shiny}",
      "job.yaml:3:18: recipe.finish: found `shiny`, expected matt, satin or gloss. Write for example "
        + "`finish: matt`"
    ),
    ("recipe: {varnish: yes}",
      "job.yaml:3:19: recipe.varnish: found `yes`, expected true or false. Write for example `varnish: "
        + "true`"
    ),
    ("recipe:\n  thiner: 0.1", "job.yaml:4:3: recipe.thiner: unknown key. Did you mean `thinner`?"),
    ("recipe: {per_device_train_batch_size: 8}",
      "job.yaml:3:10: recipe.per_device_train_batch_size: this key is not one of Admix's. Write "
        + "`recipe.global_batch_size`, the sequences of one optimizer step over all workers; how they are "
        + "divided is not part of a recipe"
    ),
    ("shares: [0.5]",
      "job.yaml:3:9: shares: found a list of 1 element, expected a mapping of names to values. Write for "
        + "example `shares: {red: 0.5, blue: 0.5}`"
    ),
    ("litres: 3\nshares: {red: 1.5}",
      "job.yaml:4:15: shares.red: found `1.5`, expected a ratio from 0 to 1. Write for example `red: "
        + "0.3`"
    ),
    ("shares: {red: 0.5}", "job.yaml:3:1: shares: 1 shares of no litres. Add `litres: 10`"),
    ("rooms: hall",
      "job.yaml:3:8: rooms: found `hall`, expected a list of 0 to 4 mappings. Write for example `rooms: "
        + "[{name: hall}]`"
    ),
    ("rooms: [hall]", "job.yaml:3:9: rooms[0]: found `hall`, expected a mapping. Write for example `{name: hall}`"),
    ("rooms: [{nam: hall}]", "job.yaml:3:10: rooms[0].nam: unknown key. Did you mean `name`?"),
    ("rooms: [{name: \"my hall\"}]",
      "job.yaml:3:16: rooms[0].name: found the text \"my hall\", expected a name of 1 to 64 letters, "
        + "digits, `-`, `_` and `.` that does not begin with `.` or `-`. Write for example `name: first-run`"
    ),
    ("name: ../up",
      "job.yaml:3:7: name: found `../up`, expected a name of 1 to 64 letters, digits, `-`, `_` and `.` "
        + "that does not begin with `.` or `-`. Write for example `name: first-run`"
    ),
    ("colours: missing.txt",
      "job.yaml:3:10: colours: <base>/missing.txt: no such file or directory. Relative paths start from "
        + "the job file's folder, or from what `--base` names"
    ),
    ("colours: [red.txt, empty.txt]", "job.yaml:3:20: colours[1]: <base>/empty.txt: the file is empty"),
    ("colours: [wall]", "job.yaml:3:11: colours[0]: <base>/wall: is a directory, expected a file"),
    ("colours: [/nowhere/at/all]", "job.yaml:3:11: colours[0]: /nowhere/at/all: no such file or directory"),
    ("colours: [shared:/data/red.txt]",
      "job.yaml:3:11: colours[0]: files read in place on every worker (`shared:`) are not there yet. "
        + "Write the path as this machine sees it; the file is uploaded once and cached by the workers"
    ),
    ("colours: [\"${first.picture}\"]",
      "job.yaml:3:11: colours[0]: `${first.picture}` names a stage, and this job is no stage of a "
        + "pipeline. Write a path or a number, or make this job a stage of a `job: pipeline`"
    ),
    ("colours: [\"a${first.picture}\"]",
      "job.yaml:3:11: colours[0]: found `a${first.picture}`, expected a path or a whole reference. A "
        + "reference stands alone: `${stage.output}`, for example `${first.model}`"
    ),
  ]

  @Test("The answer names line, field, what was found, what was expected and the way out", arguments: cases.indices)
  func complaint(index: Int) throws {
    let row = Self.cases[index]
    let complaint = try Workshop().complaint("job: paint\nwall: wall\n\(row.yaml)\n")
    #expect(complaint == row.complaint)
  }

  static let heads: [(yaml: String, complaint: String)] = [
    ("wall: wall", "job.yaml:1:1: job: this key is missing. Write which kind of job it is: `job: paint`"),
    ("job: pant\nwall: wall", "job.yaml:1:6: job: there is no job type `pant`. Did you mean `paint`?"),
    ("job: 7", "job.yaml:1:6: job: there is no job type `7`. Known: paint, pipeline"),
    ("job: [paint]", "job.yaml:1:6: job: expected the name of a job type. Known: paint, pipeline"),
    ("job: paint", "job.yaml:1:1: wall: this key is missing. Write for example `wall: data/texts.jsonl.gz`"),
    ("job: paint\nwal: wall", "job.yaml:2:1: wal: unknown key. Did you mean `wall`?"),
    ("job: paint\nbase_model: x", "job.yaml:2:1: base_model: this key is not one of Admix's. Admix calls it `model`"),
    ("job: paint\nwall: red.txt", "job.yaml:2:7: wall: <base>/red.txt: is a file, expected a directory"),
    ("job: paint\nwall: ''",
      "job.yaml:2:7: wall: found the text \"\", expected a path. Write for example `wall: "
        + "data/texts.jsonl.gz`"
    ),
  ]

  @Test("The head of a job file is checked", arguments: heads.indices)
  func head(index: Int) throws {
    let complaint = try Workshop().complaint(Self.heads[index].yaml)
    #expect(complaint == Self.heads[index].complaint)
  }
}

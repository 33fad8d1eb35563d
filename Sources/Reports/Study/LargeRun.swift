internal import JobFiles
internal import JobKit
internal import Results

/// The job file of the large run at the carried setting, ready to submit: what the sweep trained on, with ratio and
/// rate in their places.
struct LargeRun {
  let yaml: String
  /// What must be looked at before it is submitted.
  let remarks: [RichText]

  /// Keys of a sweep, or of a stage, that a training by itself does not have.
  private static let sweepKeys: Set<String> = [
    "grid", "cells", "repeats", "threads_per_cell", "budget", "early_stop", "needs",
  ]

  /// From a sweep's or a training's resolved job file. `model` is that of the large run; without one the file's own
  /// stays, and the remark says so.
  init?(_ specification: SpecMapping, name: String, setting: StudyRecord.Setting, model: String?) {
    guard case .mapping(let read) = ResolvedValue(.mapping(specification)) else { return nil }
    var resolved = ResolvedSpec()
    resolved.set("job", .text("cpt"))
    resolved.set("name", .text(name))
    for entry in read.entries where !Self.sweepKeys.contains(entry.key) && !["job", "name"].contains(entry.key) {
      resolved.set(entry.key, entry.value)
    }
    if let model { resolved.set("model", .path(model)) }
    var mixture = ResolvedSpec()
    mixture.set("almr", .number(shareText(setting.almr)))
    resolved.set("mixture", .mapping(mixture))
    var recipe = ResolvedSpec()
    if case .mapping(let written)? = resolved["recipe"] { recipe = written }
    recipe.set("learning_rate", .number(rateText(setting.learningRate)))
    resolved.set("recipe", .mapping(recipe))
    resolved.set("output", .path("out/\(name)"))
    yaml = resolved.yaml
    remarks = [
      model == nil
        ? "\(code: "model") is the sweep's own: write the large model's directory there."
        : "\(code: "model") is where the transfer found the large model.",
      "\(code: "recipe.steps") is a cell's: the large run will want more, and the shares of every source still hold.",
    ]
  }
}

extension ResolvedValue {
  /// A value as a job file has it: numbers stay numbers, everything else is text.
  fileprivate init(_ value: SpecValue) {
    switch value {
    case .scalar(let scalar):
      let isPlain = !scalar.isQuoted && (Double(scalar.text) != nil || ["true", "false"].contains(scalar.text))
      self = isPlain ? .number(scalar.text) : .text(scalar.text)
    case .sequence(let elements, _, _): self = .sequence(elements.map { ResolvedValue($0) })
    case .mapping(let mapping):
      var spec = ResolvedSpec()
      for entry in mapping.entries { spec.set(entry.key, ResolvedValue(entry.value)) }
      self = .mapping(spec)
    }
  }
}

/// Keys that people know from other trainers (LLaMA-Factory, transformers, axolotl, torchtune, DeepSpeed, Megatron-LM),
/// each with what to write here.
public let foreignTrainingKeys: [String: String] = {
  var sentences: [String: String] = [:]
  for (ours, names) in renamed {
    for name in names { sentences[name] = "Admix calls it `\(ours)`" }
  }
  for (names, sentence) in explained {
    for name in names { sentences[name] = sentence }
  }
  return sentences
}()

private let renamed: [(ours: String, names: [String])] = [
  (
    "recipe.sequence_length",
    ["cutoff_len", "max_seq_length", "max_seq_len", "sequence_len", "seq_length", "block_size", "max_length"]
  ),
  ("model", ["base_model", "model_name_or_path", "model_path", "model_name", "pretrained_model_name_or_path"]),
  ("recipe.learning_rate", ["lr", "max_lr"]),
  ("recipe.steps", ["max_steps", "train_iters", "total_steps", "num_steps", "max_iters"]),
  ("recipe.tokens", ["train_tokens", "max_tokens", "total_tokens"]),
  ("recipe.schedule", ["lr_scheduler_type", "lr_scheduler", "scheduler", "lr_decay_style"]),
  ("recipe.warmup_steps", ["num_warmup_steps", "lr_warmup_iters", "warmup_iters"]),
  ("recipe.min_lr_ratio", ["min_lr_rate", "cosine_min_lr_ratio"]),
  ("recipe.clip_norm", ["max_grad_norm", "gradient_clipping", "clip_grad", "grad_clip", "clip_grad_norm"]),
  ("output", ["output_dir", "save_dir", "out_dir"]),
  ("sources", ["dataset", "datasets", "train_file", "train_data", "data_path", "train_files"]),
  ("validation", ["eval_dataset", "validation_file", "val_size", "val_set_size", "eval_data"]),
  ("validation.every_steps", ["eval_steps", "eval_interval"]),
  ("checkpoint.every_steps", ["save_steps", "save_interval"]),
  ("checkpoint.keep", ["save_total_limit"]),
  ("mixture", ["mix_strategy", "interleave_probs", "probs", "data_mixture"]),
]

private let explained: [(names: [String], sentence: String)] = [
  (
    [
      "per_device_train_batch_size", "train_batch_size", "micro_batch_size", "gradient_accumulation_steps",
      "train_micro_batch_size_per_gpu", "batch_size",
    ],
    "Write `recipe.global_batch_size`, the sequences of one optimizer step over all workers; how they are divided is "
      + "not part of a recipe"
  ),
  (
    ["num_train_epochs", "num_epochs", "epochs"],
    "Write `recipe.steps` or `recipe.tokens`; passes over each source follow from them and from the mixture"
  ),
  (["warmup_ratio", "lr_warmup_fraction"], "Write `recipe.warmup_steps`, as a number of steps"),
  (["min_lr", "lr_end"], "Write `recipe.min_lr_ratio`, the last learning rate as a share of `recipe.learning_rate`"),
  (["adam_beta1", "adam_beta2", "beta1", "beta2"], "Write `recipe.betas: [0.9, 0.95]`"),
  (
    ["bf16", "fp16", "pure_bf16", "tf32", "dtype", "torch_dtype", "precision"],
    "Write `recipe.compute: fp32`; how gradients travel is `recipe.advanced.exchange: fp32 | bf16`"
  ),
  (
    ["deepspeed", "fsdp", "fsdp_config", "ddp_timeout", "zero_stage"],
    "Leave it out: every worker that joins the coordinator takes part, whatever the recipe"
  ),
  (["optim", "optimizer"], "Leave it out: the optimizer is AdamW, with `recipe.betas` and `recipe.weight_decay`"),
  (["stage", "finetuning_type", "do_train"], "Write `job: cpt`, which trains all parameters"),
  (
    ["lora_rank", "lora_alpha", "lora_r", "lora_target", "adapter"],
    "Leave it out: this release trains all parameters and has no adapters"
  ),
  (["packing", "sample_packing"], "Leave it out: rows are always packed, and attention never crosses documents"),
  (["logging_steps", "report_to"], "Leave it out: every committed step is a row of `metrics.jsonl`"),
  (
    ["resume_from_checkpoint", "overwrite_output_dir"],
    "Leave it out: `admix run` on the same job file resumes its output, and `--force` sets another one aside"
  ),
]

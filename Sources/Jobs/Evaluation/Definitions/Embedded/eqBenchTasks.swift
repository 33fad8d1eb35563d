/// `Tasks/eq_bench.yaml`, written by scripts/embed-tasks.py.
let eqBenchTasks = EmbeddedTask(
  name: "eq_bench.yaml",
  text: #"""
    # EQ-Bench 2.1 (https://github.com/EQ-bench/EQ-Bench). Data: eq_bench/eq_bench_v2_questions_171.json. Two\#
     scores:
    # the one of lm-evaluation-harness (`eqbench`), and the one of the authors' own program (`eqbench_official`, of\#
     the
    # first ratings or the revised ones). The harness ends answers after 80 tokens, which hardly ever reach the\#
     revised
    # ratings that the authors' rule asks for: `eq_bench_official` gives them the 600 of the authors' program.
    task: eq_bench
    dataset_path: json
    dataset_kwargs: {data_files: {validation: eq_bench/eq_bench_v2_questions_171.json}}
    output_type: generate_until
    validation_split: validation
    doc_to_text: prompt
    doc_to_target: reference_answer_fullscale
    process_results: !function eq_bench.calculate_score_fullscale
    generation_kwargs: {do_sample: false, temperature: 0.0, max_gen_toks: 80}
    metric_list:
      - {metric: eqbench, aggregation: mean, higher_is_better: true}
      - {metric: percent_parseable, aggregation: mean, higher_is_better: true}
      - {metric: eqbench_official_first, aggregation: mean, higher_is_better: true}
      - {metric: eqbench_official_revised, aggregation: mean, higher_is_better: true}
    metadata: {version: 2.1}

    """#)

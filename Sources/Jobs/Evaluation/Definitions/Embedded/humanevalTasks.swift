/// `Tasks/humaneval.yaml`, written by scripts/embed-tasks.py.
let humanevalTasks = EmbeddedTask(
  name: "humaneval.yaml",
  text: #"""
    # HumanEval (https://github.com/openai/human-eval). Data: humaneval/HumanEval.jsonl.gz. Runs what the model\#
     wrote.
    task: humaneval
    dataset_path: json
    dataset_kwargs: {data_files: {test: humaneval/HumanEval.jsonl.gz}}
    unsafe_code: true
    output_type: generate_until
    test_split: test
    doc_to_text: "{{prompt}}"
    doc_to_target: "{{test}}\ncheck({{entry_point}})"
    metric_list:
      - metric: !function humaneval.pass_at_k
        aggregation: mean
        higher_is_better: true
        k: [1]
    generation_kwargs:
      until: ["\nclass", "\ndef", "\n#", "\nif", "\nprint"]
      max_gen_toks: 1024
      do_sample: false
    repeats: 1
    num_fewshot: 0
    filter_list:
      - name: create_test
        filter:
          - {function: custom, filter_fn: !function humaneval.build_predictions}
    metadata: {version: 1.0}

    """#)

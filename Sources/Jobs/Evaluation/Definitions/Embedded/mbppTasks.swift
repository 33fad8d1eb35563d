/// `Tasks/mbpp.yaml`, written by scripts/embed-tasks.py.
let mbppTasks = EmbeddedTask(
  name: "mbpp.yaml",
  text: #"""
    # MBPP (https://github.com/google-research/google-research/tree/master/mbpp), tasks
    # 11 to 510. Data: mbpp/mbpp.jsonl. Runs what the model wrote.
    task: mbpp
    dataset_path: json
    dataset_kwargs: {data_files: {test: mbpp/mbpp.jsonl}}
    process_docs: !function mbpp.test_rows
    unsafe_code: true
    output_type: generate_until
    test_split: test
    doc_to_text: "You are an expert Python programmer, and here is your task: {{text}} Your code should pass these\#
     tests:\n\n\
      {{test_list[0]}}\n{{test_list[1]}}\n{{test_list[2]}}\n[BEGIN]\n"
    doc_to_target: "{% if is_fewshot is defined %}{{code}}\n[DONE]{% else %}{{test_list[0]}}\n{{test_list[1]}}\n\
      {{test_list[2]}}{% endif %}"
    target_delimiter: ""
    metric_list:
      - metric: !function mbpp.pass_at_1
        aggregation: mean
        higher_is_better: true
    generation_kwargs:
      until: ["[DONE]"]
      do_sample: false
    num_fewshot: 3
    fewshot_config:
      sampler: first_n
      samples: !function mbpp.list_fewshot_samples
    metadata: {version: 1.0}

    """#)

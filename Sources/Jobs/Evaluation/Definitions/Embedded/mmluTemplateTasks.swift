/// `Tasks/mmlu.template.yaml`, written by scripts/embed-tasks.py.
let mmluTemplateTasks = EmbeddedTask(
  name: "mmlu.template.yaml",
  text: #"""
    dataset_path: csv
    test_split: test
    fewshot_split: dev
    fewshot_config: {sampler: first_n}
    output_type: multiple_choice
    doc_to_text: "{{question.strip()}}\nA. {{choice0}}\nB. {{choice1}}\nC. {{choice2}}\nD. {{choice3}}\nAnswer:"
    doc_to_choice: ["A", "B", "C", "D"]
    doc_to_target: "{{answer}}"
    metric_list:
      - {metric: acc, aggregation: mean, higher_is_better: true}
    metadata: {version: 1.0}

    """#)

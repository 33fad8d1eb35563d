/// `Tasks/ceval-valid.template.yaml`, written by scripts/embed-tasks.py.
let cevalValidTemplateTasks = EmbeddedTask(
  name: "ceval-valid.template.yaml",
  text: #"""
    dataset_path: csv
    validation_split: val
    fewshot_split: dev
    fewshot_config: {sampler: first_n}
    output_type: multiple_choice
    doc_to_text: "{{question.strip()}}\nA. {{A}}\nB. {{B}}\nC. {{C}}\nD. {{D}}\n答案："
    doc_to_choice: ["A", "B", "C", "D"]
    doc_to_target: "{{['A', 'B', 'C', 'D'].index(answer)}}"
    metric_list:
      - {metric: acc, aggregation: mean, higher_is_better: true}
      - {metric: acc_norm, aggregation: mean, higher_is_better: true}
    metadata: {version: 2.0}

    """#)

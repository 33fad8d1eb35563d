/// `Tasks/ceval-test.template.yaml`, written by scripts/embed-tasks.py.
let cevalTestTemplateTasks = EmbeddedTask(
  name: "ceval-test.template.yaml",
  text: #"""
    include: ceval-valid.template.yaml
    validation_split: null
    test_split: test
    doc_to_target: ""
    fewshot_config: {sampler: first_n, doc_to_target: "{{['A', 'B', 'C', 'D'].index(answer)}}"}
    metric_list:
      - {metric: bypass, aggregation: bypass, higher_is_better: true}

    """#)

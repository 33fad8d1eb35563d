/// `Tasks/mmlu.yaml`, written by scripts/embed-tasks.py.
let mmluTasks = EmbeddedTask(
  name: "mmlu.yaml",
  text: #"""
    # MMLU (https://github.com/hendrycks/test). Data: mmlu/{dev,test}, CSV files with the columns question,
    # choice0 to choice3 and answer (0 to 3).
    group: mmlu
    aggregate_metric_list:
      - {metric: acc, weight_by_size: true}
    metadata: {version: 2}
    task:
      - group: mmlu_stem
        group_alias: stem
        aggregate_metric_list:
          - {metric: acc, weight_by_size: true}
        metadata: {version: 2}
        task:
          - {task: mmlu_abstract_algebra, task_alias: abstract_algebra, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about abstract algebra.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/abstract_algebra_dev.csv, test:\#
     mmlu/test/abstract_algebra_test.csv}}}
          - {task: mmlu_anatomy, task_alias: anatomy, include: mmlu.template.yaml, tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about anatomy.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/anatomy_dev.csv, test: mmlu/test/anatomy_test.csv}}}
          - {task: mmlu_astronomy, task_alias: astronomy, include: mmlu.template.yaml, tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about astronomy.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/astronomy_dev.csv, test: mmlu/test/astronomy_test.csv}}}
          - {task: mmlu_college_biology, task_alias: college_biology, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about college biology.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/college_biology_dev.csv, test:\#
     mmlu/test/college_biology_test.csv}}}
          - {task: mmlu_college_chemistry, task_alias: college_chemistry, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about college chemistry.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/college_chemistry_dev.csv, test:\#
     mmlu/test/college_chemistry_test.csv}}}
          - {task: mmlu_college_computer_science, task_alias: college_computer_science, include:\#
     mmlu.template.yaml, tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about college computer\#
     science.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/college_computer_science_dev.csv, test:\#
     mmlu/test/college_computer_science_test.csv}}}
          - {task: mmlu_college_mathematics, task_alias: college_mathematics, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about college\#
     mathematics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/college_mathematics_dev.csv, test:\#
     mmlu/test/college_mathematics_test.csv}}}
          - {task: mmlu_college_physics, task_alias: college_physics, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about college physics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/college_physics_dev.csv, test:\#
     mmlu/test/college_physics_test.csv}}}
          - {task: mmlu_computer_security, task_alias: computer_security, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about computer security.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/computer_security_dev.csv, test:\#
     mmlu/test/computer_security_test.csv}}}
          - {task: mmlu_conceptual_physics, task_alias: conceptual_physics, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about conceptual\#
     physics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/conceptual_physics_dev.csv, test:\#
     mmlu/test/conceptual_physics_test.csv}}}
          - {task: mmlu_electrical_engineering, task_alias: electrical_engineering, include: mmlu.template.yaml,\#
     tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about electrical\#
     engineering.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/electrical_engineering_dev.csv, test:\#
     mmlu/test/electrical_engineering_test.csv}}}
          - {task: mmlu_elementary_mathematics, task_alias: elementary_mathematics, include: mmlu.template.yaml,\#
     tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about elementary\#
     mathematics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/elementary_mathematics_dev.csv, test:\#
     mmlu/test/elementary_mathematics_test.csv}}}
          - {task: mmlu_high_school_biology, task_alias: high_school_biology, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     biology.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_biology_dev.csv, test:\#
     mmlu/test/high_school_biology_test.csv}}}
          - {task: mmlu_high_school_chemistry, task_alias: high_school_chemistry, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     chemistry.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_chemistry_dev.csv, test:\#
     mmlu/test/high_school_chemistry_test.csv}}}
          - {task: mmlu_high_school_computer_science, task_alias: high_school_computer_science, include:\#
     mmlu.template.yaml, tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about high school computer\#
     science.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_computer_science_dev.csv, test:\#
     mmlu/test/high_school_computer_science_test.csv}}}
          - {task: mmlu_high_school_mathematics, task_alias: high_school_mathematics, include: mmlu.template.yaml,\#
     tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     mathematics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_mathematics_dev.csv, test:\#
     mmlu/test/high_school_mathematics_test.csv}}}
          - {task: mmlu_high_school_physics, task_alias: high_school_physics, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     physics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_physics_dev.csv, test:\#
     mmlu/test/high_school_physics_test.csv}}}
          - {task: mmlu_high_school_statistics, task_alias: high_school_statistics, include: mmlu.template.yaml,\#
     tag: mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     statistics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_statistics_dev.csv, test:\#
     mmlu/test/high_school_statistics_test.csv}}}
          - {task: mmlu_machine_learning, task_alias: machine_learning, include: mmlu.template.yaml, tag:\#
     mmlu_stem_tasks,
             description: "The following are multiple choice questions (with answers) about machine learning.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/machine_learning_dev.csv, test:\#
     mmlu/test/machine_learning_test.csv}}}
      - group: mmlu_other
        group_alias: other
        aggregate_metric_list:
          - {metric: acc, weight_by_size: true}
        metadata: {version: 2}
        task:
          - {task: mmlu_business_ethics, task_alias: business_ethics, include: mmlu.template.yaml, tag:\#
     mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about business ethics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/business_ethics_dev.csv, test:\#
     mmlu/test/business_ethics_test.csv}}}
          - {task: mmlu_clinical_knowledge, task_alias: clinical_knowledge, include: mmlu.template.yaml, tag:\#
     mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about clinical\#
     knowledge.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/clinical_knowledge_dev.csv, test:\#
     mmlu/test/clinical_knowledge_test.csv}}}
          - {task: mmlu_college_medicine, task_alias: college_medicine, include: mmlu.template.yaml, tag:\#
     mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about college medicine.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/college_medicine_dev.csv, test:\#
     mmlu/test/college_medicine_test.csv}}}
          - {task: mmlu_global_facts, task_alias: global_facts, include: mmlu.template.yaml, tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about global facts.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/global_facts_dev.csv, test:\#
     mmlu/test/global_facts_test.csv}}}
          - {task: mmlu_human_aging, task_alias: human_aging, include: mmlu.template.yaml, tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about human aging.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/human_aging_dev.csv, test:\#
     mmlu/test/human_aging_test.csv}}}
          - {task: mmlu_management, task_alias: management, include: mmlu.template.yaml, tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about management.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/management_dev.csv, test: mmlu/test/management_test.csv}}}
          - {task: mmlu_marketing, task_alias: marketing, include: mmlu.template.yaml, tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about marketing.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/marketing_dev.csv, test: mmlu/test/marketing_test.csv}}}
          - {task: mmlu_medical_genetics, task_alias: medical_genetics, include: mmlu.template.yaml, tag:\#
     mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about medical genetics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/medical_genetics_dev.csv, test:\#
     mmlu/test/medical_genetics_test.csv}}}
          - {task: mmlu_miscellaneous, task_alias: miscellaneous, include: mmlu.template.yaml, tag:\#
     mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about miscellaneous.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/miscellaneous_dev.csv, test:\#
     mmlu/test/miscellaneous_test.csv}}}
          - {task: mmlu_nutrition, task_alias: nutrition, include: mmlu.template.yaml, tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about nutrition.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/nutrition_dev.csv, test: mmlu/test/nutrition_test.csv}}}
          - {task: mmlu_professional_accounting, task_alias: professional_accounting, include: mmlu.template.yaml,\#
     tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about professional\#
     accounting.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/professional_accounting_dev.csv, test:\#
     mmlu/test/professional_accounting_test.csv}}}
          - {task: mmlu_professional_medicine, task_alias: professional_medicine, include: mmlu.template.yaml, tag:\#
     mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about professional\#
     medicine.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/professional_medicine_dev.csv, test:\#
     mmlu/test/professional_medicine_test.csv}}}
          - {task: mmlu_virology, task_alias: virology, include: mmlu.template.yaml, tag: mmlu_other_tasks,
             description: "The following are multiple choice questions (with answers) about virology.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/virology_dev.csv, test: mmlu/test/virology_test.csv}}}
      - group: mmlu_social_sciences
        group_alias: social sciences
        aggregate_metric_list:
          - {metric: acc, weight_by_size: true}
        metadata: {version: 2}
        task:
          - {task: mmlu_econometrics, task_alias: econometrics, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about econometrics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/econometrics_dev.csv, test:\#
     mmlu/test/econometrics_test.csv}}}
          - {task: mmlu_high_school_geography, task_alias: high_school_geography, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     geography.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_geography_dev.csv, test:\#
     mmlu/test/high_school_geography_test.csv}}}
          - {task: mmlu_high_school_government_and_politics, task_alias: high_school_government_and_politics,\#
     include: mmlu.template.yaml, tag: mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about high school government\#
     and politics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_government_and_politics_dev.csv, test:\#
     mmlu/test/high_school_government_and_politics_test.csv}}}
          - {task: mmlu_high_school_macroeconomics, task_alias: high_school_macroeconomics, include:\#
     mmlu.template.yaml, tag: mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     macroeconomics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_macroeconomics_dev.csv, test:\#
     mmlu/test/high_school_macroeconomics_test.csv}}}
          - {task: mmlu_high_school_microeconomics, task_alias: high_school_microeconomics, include:\#
     mmlu.template.yaml, tag: mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     microeconomics.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_microeconomics_dev.csv, test:\#
     mmlu/test/high_school_microeconomics_test.csv}}}
          - {task: mmlu_high_school_psychology, task_alias: high_school_psychology, include: mmlu.template.yaml,\#
     tag: mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about high school\#
     psychology.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_psychology_dev.csv, test:\#
     mmlu/test/high_school_psychology_test.csv}}}
          - {task: mmlu_human_sexuality, task_alias: human_sexuality, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about human sexuality.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/human_sexuality_dev.csv, test:\#
     mmlu/test/human_sexuality_test.csv}}}
          - {task: mmlu_professional_psychology, task_alias: professional_psychology, include: mmlu.template.yaml,\#
     tag: mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about professional\#
     psychology.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/professional_psychology_dev.csv, test:\#
     mmlu/test/professional_psychology_test.csv}}}
          - {task: mmlu_public_relations, task_alias: public_relations, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about public relations.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/public_relations_dev.csv, test:\#
     mmlu/test/public_relations_test.csv}}}
          - {task: mmlu_security_studies, task_alias: security_studies, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about security studies.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/security_studies_dev.csv, test:\#
     mmlu/test/security_studies_test.csv}}}
          - {task: mmlu_sociology, task_alias: sociology, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about sociology.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/sociology_dev.csv, test: mmlu/test/sociology_test.csv}}}
          - {task: mmlu_us_foreign_policy, task_alias: us_foreign_policy, include: mmlu.template.yaml, tag:\#
     mmlu_social_sciences_tasks,
             description: "The following are multiple choice questions (with answers) about us foreign policy.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/us_foreign_policy_dev.csv, test:\#
     mmlu/test/us_foreign_policy_test.csv}}}
      - group: mmlu_humanities
        group_alias: humanities
        aggregate_metric_list:
          - {metric: acc, weight_by_size: true}
        metadata: {version: 2}
        task:
          - {task: mmlu_formal_logic, task_alias: formal_logic, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about formal logic.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/formal_logic_dev.csv, test:\#
     mmlu/test/formal_logic_test.csv}}}
          - {task: mmlu_high_school_european_history, task_alias: high_school_european_history, include:\#
     mmlu.template.yaml, tag: mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about high school european\#
     history.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_european_history_dev.csv, test:\#
     mmlu/test/high_school_european_history_test.csv}}}
          - {task: mmlu_high_school_us_history, task_alias: high_school_us_history, include: mmlu.template.yaml,\#
     tag: mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about high school us\#
     history.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_us_history_dev.csv, test:\#
     mmlu/test/high_school_us_history_test.csv}}}
          - {task: mmlu_high_school_world_history, task_alias: high_school_world_history, include:\#
     mmlu.template.yaml, tag: mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about high school world\#
     history.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/high_school_world_history_dev.csv, test:\#
     mmlu/test/high_school_world_history_test.csv}}}
          - {task: mmlu_international_law, task_alias: international_law, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about international law.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/international_law_dev.csv, test:\#
     mmlu/test/international_law_test.csv}}}
          - {task: mmlu_jurisprudence, task_alias: jurisprudence, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about jurisprudence.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/jurisprudence_dev.csv, test:\#
     mmlu/test/jurisprudence_test.csv}}}
          - {task: mmlu_logical_fallacies, task_alias: logical_fallacies, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about logical fallacies.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/logical_fallacies_dev.csv, test:\#
     mmlu/test/logical_fallacies_test.csv}}}
          - {task: mmlu_moral_disputes, task_alias: moral_disputes, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about moral disputes.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/moral_disputes_dev.csv, test:\#
     mmlu/test/moral_disputes_test.csv}}}
          - {task: mmlu_moral_scenarios, task_alias: moral_scenarios, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about moral scenarios.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/moral_scenarios_dev.csv, test:\#
     mmlu/test/moral_scenarios_test.csv}}}
          - {task: mmlu_philosophy, task_alias: philosophy, include: mmlu.template.yaml, tag: mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about philosophy.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/philosophy_dev.csv, test: mmlu/test/philosophy_test.csv}}}
          - {task: mmlu_prehistory, task_alias: prehistory, include: mmlu.template.yaml, tag: mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about prehistory.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/prehistory_dev.csv, test: mmlu/test/prehistory_test.csv}}}
          - {task: mmlu_professional_law, task_alias: professional_law, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about professional law.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/professional_law_dev.csv, test:\#
     mmlu/test/professional_law_test.csv}}}
          - {task: mmlu_world_religions, task_alias: world_religions, include: mmlu.template.yaml, tag:\#
     mmlu_humanities_tasks,
             description: "The following are multiple choice questions (with answers) about world religions.\n\n",
             dataset_kwargs: {data_files: {dev: mmlu/dev/world_religions_dev.csv, test:\#
     mmlu/test/world_religions_test.csv}}}

    """#)

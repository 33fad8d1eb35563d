/// `Tasks/cmmlu.yaml`, written by scripts/embed-tasks.py.
let cmmluTasks = EmbeddedTask(
  name: "cmmlu.yaml",
  text: #"""
    # CMMLU (https://github.com/haonan-li/CMMLU). Data: the benchmark's own CSV files, cmmlu/{dev,test}. The tags\#
     are its
    # own categories; "China specific" cuts across the others.
    group: cmmlu
    aggregate_metric_list:
      - {metric: acc, aggregation: mean, weight_by_size: true}
      - {metric: acc_norm, aggregation: mean, weight_by_size: true}
    metadata: {version: 1.0}
    task:
      - task: cmmlu_agronomy
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于农学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/agronomy.csv, test: cmmlu/test/agronomy.csv}}
      - task: cmmlu_anatomy
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于解剖学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/anatomy.csv, test: cmmlu/test/anatomy.csv}}
      - task: cmmlu_ancient_chinese
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于古汉语的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/ancient_chinese.csv, test: cmmlu/test/ancient_chinese.csv}}
      - task: cmmlu_arts
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于艺术学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/arts.csv, test: cmmlu/test/arts.csv}}
      - task: cmmlu_astronomy
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于天文学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/astronomy.csv, test: cmmlu/test/astronomy.csv}}
      - task: cmmlu_business_ethics
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于商业伦理的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/business_ethics.csv, test: cmmlu/test/business_ethics.csv}}
      - task: cmmlu_chinese_civil_service_exam
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于中国公务员考试的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_civil_service_exam.csv, test:\#
     cmmlu/test/chinese_civil_service_exam.csv}}
      - task: cmmlu_chinese_driving_rule
        include: cmmlu.template.yaml
        tag: [cmmlu_other, cmmlu_china_specific]
        description: "以下是关于中国驾驶规则的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_driving_rule.csv, test:\#
     cmmlu/test/chinese_driving_rule.csv}}
      - task: cmmlu_chinese_food_culture
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于中国饮食文化的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_food_culture.csv, test:\#
     cmmlu/test/chinese_food_culture.csv}}
      - task: cmmlu_chinese_foreign_policy
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于中国外交政策的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_foreign_policy.csv, test:\#
     cmmlu/test/chinese_foreign_policy.csv}}
      - task: cmmlu_chinese_history
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities, cmmlu_china_specific]
        description: "以下是关于中国历史的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_history.csv, test: cmmlu/test/chinese_history.csv}}
      - task: cmmlu_chinese_literature
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities, cmmlu_china_specific]
        description: "以下是关于中国文学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_literature.csv, test:\#
     cmmlu/test/chinese_literature.csv}}
      - task: cmmlu_chinese_teacher_qualification
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于中国教师资格的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/chinese_teacher_qualification.csv, test:\#
     cmmlu/test/chinese_teacher_qualification.csv}}
      - task: cmmlu_clinical_knowledge
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于临床知识的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/clinical_knowledge.csv, test:\#
     cmmlu/test/clinical_knowledge.csv}}
      - task: cmmlu_college_actuarial_science
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于大学精算学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_actuarial_science.csv, test:\#
     cmmlu/test/college_actuarial_science.csv}}
      - task: cmmlu_college_education
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于大学教育学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_education.csv, test: cmmlu/test/college_education.csv}}
      - task: cmmlu_college_engineering_hydrology
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于大学工程水文学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_engineering_hydrology.csv, test:\#
     cmmlu/test/college_engineering_hydrology.csv}}
      - task: cmmlu_college_law
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于大学法律的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_law.csv, test: cmmlu/test/college_law.csv}}
      - task: cmmlu_college_mathematics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于大学数学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_mathematics.csv, test:\#
     cmmlu/test/college_mathematics.csv}}
      - task: cmmlu_college_medical_statistics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于大学医学统计的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_medical_statistics.csv, test:\#
     cmmlu/test/college_medical_statistics.csv}}
      - task: cmmlu_college_medicine
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于大学医学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/college_medicine.csv, test: cmmlu/test/college_medicine.csv}}
      - task: cmmlu_computer_science
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于计算机科学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/computer_science.csv, test: cmmlu/test/computer_science.csv}}
      - task: cmmlu_computer_security
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于计算机安全的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/computer_security.csv, test: cmmlu/test/computer_security.csv}}
      - task: cmmlu_conceptual_physics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于概念物理学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/conceptual_physics.csv, test:\#
     cmmlu/test/conceptual_physics.csv}}
      - task: cmmlu_construction_project_management
        include: cmmlu.template.yaml
        tag: [cmmlu_other, cmmlu_china_specific]
        description: "以下是关于建设工程管理的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/construction_project_management.csv, test:\#
     cmmlu/test/construction_project_management.csv}}
      - task: cmmlu_economics
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于经济学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/economics.csv, test: cmmlu/test/economics.csv}}
      - task: cmmlu_education
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于教育学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/education.csv, test: cmmlu/test/education.csv}}
      - task: cmmlu_electrical_engineering
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于电气工程的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/electrical_engineering.csv, test:\#
     cmmlu/test/electrical_engineering.csv}}
      - task: cmmlu_elementary_chinese
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于小学语文的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/elementary_chinese.csv, test:\#
     cmmlu/test/elementary_chinese.csv}}
      - task: cmmlu_elementary_commonsense
        include: cmmlu.template.yaml
        tag: [cmmlu_other, cmmlu_china_specific]
        description: "以下是关于小学常识的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/elementary_commonsense.csv, test:\#
     cmmlu/test/elementary_commonsense.csv}}
      - task: cmmlu_elementary_information_and_technology
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于小学信息技术的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/elementary_information_and_technology.csv, test:\#
     cmmlu/test/elementary_information_and_technology.csv}}
      - task: cmmlu_elementary_mathematics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于初等数学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/elementary_mathematics.csv, test:\#
     cmmlu/test/elementary_mathematics.csv}}
      - task: cmmlu_ethnology
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于民族学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/ethnology.csv, test: cmmlu/test/ethnology.csv}}
      - task: cmmlu_food_science
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于食品科学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/food_science.csv, test: cmmlu/test/food_science.csv}}
      - task: cmmlu_genetics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于遗传学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/genetics.csv, test: cmmlu/test/genetics.csv}}
      - task: cmmlu_global_facts
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于全球事实的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/global_facts.csv, test: cmmlu/test/global_facts.csv}}
      - task: cmmlu_high_school_biology
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于高中生物的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/high_school_biology.csv, test:\#
     cmmlu/test/high_school_biology.csv}}
      - task: cmmlu_high_school_chemistry
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于高中化学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/high_school_chemistry.csv, test:\#
     cmmlu/test/high_school_chemistry.csv}}
      - task: cmmlu_high_school_geography
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于高中地理的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/high_school_geography.csv, test:\#
     cmmlu/test/high_school_geography.csv}}
      - task: cmmlu_high_school_mathematics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于高中数学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/high_school_mathematics.csv, test:\#
     cmmlu/test/high_school_mathematics.csv}}
      - task: cmmlu_high_school_physics
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于高中物理学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/high_school_physics.csv, test:\#
     cmmlu/test/high_school_physics.csv}}
      - task: cmmlu_high_school_politics
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于高中政治的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/high_school_politics.csv, test:\#
     cmmlu/test/high_school_politics.csv}}
      - task: cmmlu_human_sexuality
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于人类性行为的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/human_sexuality.csv, test: cmmlu/test/human_sexuality.csv}}
      - task: cmmlu_international_law
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于国际法学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/international_law.csv, test: cmmlu/test/international_law.csv}}
      - task: cmmlu_journalism
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于新闻学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/journalism.csv, test: cmmlu/test/journalism.csv}}
      - task: cmmlu_jurisprudence
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于法理学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/jurisprudence.csv, test: cmmlu/test/jurisprudence.csv}}
      - task: cmmlu_legal_and_moral_basis
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于法律与道德基础的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/legal_and_moral_basis.csv, test:\#
     cmmlu/test/legal_and_moral_basis.csv}}
      - task: cmmlu_logical
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于逻辑学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/logical.csv, test: cmmlu/test/logical.csv}}
      - task: cmmlu_machine_learning
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于机器学习的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/machine_learning.csv, test: cmmlu/test/machine_learning.csv}}
      - task: cmmlu_management
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于管理学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/management.csv, test: cmmlu/test/management.csv}}
      - task: cmmlu_marketing
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于市场营销的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/marketing.csv, test: cmmlu/test/marketing.csv}}
      - task: cmmlu_marxist_theory
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于马克思主义理论的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/marxist_theory.csv, test: cmmlu/test/marxist_theory.csv}}
      - task: cmmlu_modern_chinese
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science, cmmlu_china_specific]
        description: "以下是关于现代汉语的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/modern_chinese.csv, test: cmmlu/test/modern_chinese.csv}}
      - task: cmmlu_nutrition
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于营养学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/nutrition.csv, test: cmmlu/test/nutrition.csv}}
      - task: cmmlu_philosophy
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于哲学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/philosophy.csv, test: cmmlu/test/philosophy.csv}}
      - task: cmmlu_professional_accounting
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于专业会计的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/professional_accounting.csv, test:\#
     cmmlu/test/professional_accounting.csv}}
      - task: cmmlu_professional_law
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于专业法学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/professional_law.csv, test: cmmlu/test/professional_law.csv}}
      - task: cmmlu_professional_medicine
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于专业医学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/professional_medicine.csv, test:\#
     cmmlu/test/professional_medicine.csv}}
      - task: cmmlu_professional_psychology
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于专业心理学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/professional_psychology.csv, test:\#
     cmmlu/test/professional_psychology.csv}}
      - task: cmmlu_public_relations
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于公共关系的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/public_relations.csv, test: cmmlu/test/public_relations.csv}}
      - task: cmmlu_security_study
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于安全研究的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/security_study.csv, test: cmmlu/test/security_study.csv}}
      - task: cmmlu_sociology
        include: cmmlu.template.yaml
        tag: [cmmlu_social_science]
        description: "以下是关于社会学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/sociology.csv, test: cmmlu/test/sociology.csv}}
      - task: cmmlu_sports_science
        include: cmmlu.template.yaml
        tag: [cmmlu_other]
        description: "以下是关于体育学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/sports_science.csv, test: cmmlu/test/sports_science.csv}}
      - task: cmmlu_traditional_chinese_medicine
        include: cmmlu.template.yaml
        tag: [cmmlu_other, cmmlu_china_specific]
        description: "以下是关于中医中药的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/traditional_chinese_medicine.csv, test:\#
     cmmlu/test/traditional_chinese_medicine.csv}}
      - task: cmmlu_virology
        include: cmmlu.template.yaml
        tag: [cmmlu_stem]
        description: "以下是关于病毒学的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/virology.csv, test: cmmlu/test/virology.csv}}
      - task: cmmlu_world_history
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于世界历史的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/world_history.csv, test: cmmlu/test/world_history.csv}}
      - task: cmmlu_world_religions
        include: cmmlu.template.yaml
        tag: [cmmlu_humanities]
        description: "以下是关于世界宗教的单项选择题，请直接给出正确答案的选项。\n\n"
        dataset_kwargs: {data_files: {dev: cmmlu/dev/world_religions.csv, test: cmmlu/test/world_religions.csv}}

    """#)

/// `Tasks/ceval-valid.yaml`, written by scripts/embed-tasks.py.
let cevalValidTasks = EmbeddedTask(
  name: "ceval-valid.yaml",
  text: #"""
    # C-Eval (https://cevalbenchmark.com), the validation split. Data: the benchmark's own CSV files,\#
     ceval/{dev,val}.
    group: ceval-valid
    aggregate_metric_list:
      - {metric: acc, aggregation: mean, weight_by_size: true}
      - {metric: acc_norm, aggregation: mean, weight_by_size: true}
    metadata: {version: 2.0}
    task:
      - task: ceval-valid_computer_network
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于计算机网络的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/computer_network_dev.csv, val:\#
     ceval/val/computer_network_val.csv}}
      - task: ceval-valid_operating_system
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于操作系统的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/operating_system_dev.csv, val:\#
     ceval/val/operating_system_val.csv}}
      - task: ceval-valid_computer_architecture
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于计算机组成的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/computer_architecture_dev.csv, val:\#
     ceval/val/computer_architecture_val.csv}}
      - task: ceval-valid_college_programming
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于大学编程的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_programming_dev.csv, val:\#
     ceval/val/college_programming_val.csv}}
      - task: ceval-valid_college_physics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于大学物理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_physics_dev.csv, val:\#
     ceval/val/college_physics_val.csv}}
      - task: ceval-valid_college_chemistry
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于大学化学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_chemistry_dev.csv, val:\#
     ceval/val/college_chemistry_val.csv}}
      - task: ceval-valid_advanced_mathematics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于高等数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/advanced_mathematics_dev.csv, val:\#
     ceval/val/advanced_mathematics_val.csv}}
      - task: ceval-valid_probability_and_statistics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于概率统计的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/probability_and_statistics_dev.csv, val:\#
     ceval/val/probability_and_statistics_val.csv}}
      - task: ceval-valid_discrete_mathematics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于离散数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/discrete_mathematics_dev.csv, val:\#
     ceval/val/discrete_mathematics_val.csv}}
      - task: ceval-valid_electrical_engineer
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于注册电气工程师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/electrical_engineer_dev.csv, val:\#
     ceval/val/electrical_engineer_val.csv}}
      - task: ceval-valid_metrology_engineer
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于注册计量师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/metrology_engineer_dev.csv, val:\#
     ceval/val/metrology_engineer_val.csv}}
      - task: ceval-valid_high_school_mathematics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于高中数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_mathematics_dev.csv, val:\#
     ceval/val/high_school_mathematics_val.csv}}
      - task: ceval-valid_high_school_physics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于高中物理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_physics_dev.csv, val:\#
     ceval/val/high_school_physics_val.csv}}
      - task: ceval-valid_high_school_chemistry
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于高中化学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_chemistry_dev.csv, val:\#
     ceval/val/high_school_chemistry_val.csv}}
      - task: ceval-valid_high_school_biology
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于高中生物的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_biology_dev.csv, val:\#
     ceval/val/high_school_biology_val.csv}}
      - task: ceval-valid_middle_school_mathematics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于初中数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_mathematics_dev.csv, val:\#
     ceval/val/middle_school_mathematics_val.csv}}
      - task: ceval-valid_middle_school_biology
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于初中生物的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_biology_dev.csv, val:\#
     ceval/val/middle_school_biology_val.csv}}
      - task: ceval-valid_middle_school_physics
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于初中物理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_physics_dev.csv, val:\#
     ceval/val/middle_school_physics_val.csv}}
      - task: ceval-valid_middle_school_chemistry
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于初中化学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_chemistry_dev.csv, val:\#
     ceval/val/middle_school_chemistry_val.csv}}
      - task: ceval-valid_veterinary_medicine
        include: ceval-valid.template.yaml
        tag: ceval-valid_stem
        description: "以下是中国关于兽医学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/veterinary_medicine_dev.csv, val:\#
     ceval/val/veterinary_medicine_val.csv}}
      - task: ceval-valid_college_economics
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于大学经济学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_economics_dev.csv, val:\#
     ceval/val/college_economics_val.csv}}
      - task: ceval-valid_business_administration
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于工商管理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/business_administration_dev.csv, val:\#
     ceval/val/business_administration_val.csv}}
      - task: ceval-valid_marxism
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于马克思主义基本原理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/marxism_dev.csv, val: ceval/val/marxism_val.csv}}
      - task: ceval-valid_mao_zedong_thought
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于毛泽东思想和中国特色社会主义理论体系概论的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/mao_zedong_thought_dev.csv, val:\#
     ceval/val/mao_zedong_thought_val.csv}}
      - task: ceval-valid_education_science
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于教育学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/education_science_dev.csv, val:\#
     ceval/val/education_science_val.csv}}
      - task: ceval-valid_teacher_qualification
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于教师资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/teacher_qualification_dev.csv, val:\#
     ceval/val/teacher_qualification_val.csv}}
      - task: ceval-valid_high_school_politics
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于高中政治的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_politics_dev.csv, val:\#
     ceval/val/high_school_politics_val.csv}}
      - task: ceval-valid_high_school_geography
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于高中地理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_geography_dev.csv, val:\#
     ceval/val/high_school_geography_val.csv}}
      - task: ceval-valid_middle_school_politics
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于初中政治的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_politics_dev.csv, val:\#
     ceval/val/middle_school_politics_val.csv}}
      - task: ceval-valid_middle_school_geography
        include: ceval-valid.template.yaml
        tag: ceval-valid_social_science
        description: "以下是中国关于初中地理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_geography_dev.csv, val:\#
     ceval/val/middle_school_geography_val.csv}}
      - task: ceval-valid_modern_chinese_history
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于近代史纲要的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/modern_chinese_history_dev.csv, val:\#
     ceval/val/modern_chinese_history_val.csv}}
      - task: ceval-valid_ideological_and_moral_cultivation
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于思想道德修养与法律基础的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/ideological_and_moral_cultivation_dev.csv, val:\#
     ceval/val/ideological_and_moral_cultivation_val.csv}}
      - task: ceval-valid_logic
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于逻辑学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/logic_dev.csv, val: ceval/val/logic_val.csv}}
      - task: ceval-valid_law
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于法学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/law_dev.csv, val: ceval/val/law_val.csv}}
      - task: ceval-valid_chinese_language_and_literature
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于中国语言文学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/chinese_language_and_literature_dev.csv, val:\#
     ceval/val/chinese_language_and_literature_val.csv}}
      - task: ceval-valid_art_studies
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于艺术学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/art_studies_dev.csv, val: ceval/val/art_studies_val.csv}}
      - task: ceval-valid_professional_tour_guide
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于导游资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/professional_tour_guide_dev.csv, val:\#
     ceval/val/professional_tour_guide_val.csv}}
      - task: ceval-valid_legal_professional
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于法律职业资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/legal_professional_dev.csv, val:\#
     ceval/val/legal_professional_val.csv}}
      - task: ceval-valid_high_school_chinese
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于高中语文的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_chinese_dev.csv, val:\#
     ceval/val/high_school_chinese_val.csv}}
      - task: ceval-valid_high_school_history
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于高中历史的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_history_dev.csv, val:\#
     ceval/val/high_school_history_val.csv}}
      - task: ceval-valid_middle_school_history
        include: ceval-valid.template.yaml
        tag: ceval-valid_humanities
        description: "以下是中国关于初中历史的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_history_dev.csv, val:\#
     ceval/val/middle_school_history_val.csv}}
      - task: ceval-valid_civil_servant
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于公务员的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/civil_servant_dev.csv, val: ceval/val/civil_servant_val.csv}}
      - task: ceval-valid_sports_science
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于体育学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/sports_science_dev.csv, val: ceval/val/sports_science_val.csv}}
      - task: ceval-valid_plant_protection
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于植物保护的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/plant_protection_dev.csv, val:\#
     ceval/val/plant_protection_val.csv}}
      - task: ceval-valid_basic_medicine
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于基础医学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/basic_medicine_dev.csv, val: ceval/val/basic_medicine_val.csv}}
      - task: ceval-valid_clinical_medicine
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于临床医学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/clinical_medicine_dev.csv, val:\#
     ceval/val/clinical_medicine_val.csv}}
      - task: ceval-valid_urban_and_rural_planner
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于注册城乡规划师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/urban_and_rural_planner_dev.csv, val:\#
     ceval/val/urban_and_rural_planner_val.csv}}
      - task: ceval-valid_accountant
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于注册会计师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/accountant_dev.csv, val: ceval/val/accountant_val.csv}}
      - task: ceval-valid_fire_engineer
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于注册消防工程师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/fire_engineer_dev.csv, val: ceval/val/fire_engineer_val.csv}}
      - task: ceval-valid_environmental_impact_assessment_engineer
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于环境影响评价工程师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/environmental_impact_assessment_engineer_dev.csv, val:\#
     ceval/val/environmental_impact_assessment_engineer_val.csv}}
      - task: ceval-valid_tax_accountant
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于税务师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/tax_accountant_dev.csv, val: ceval/val/tax_accountant_val.csv}}
      - task: ceval-valid_physician
        include: ceval-valid.template.yaml
        tag: ceval-valid_other
        description: "以下是中国关于医师资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/physician_dev.csv, val: ceval/val/physician_val.csv}}

    """#)

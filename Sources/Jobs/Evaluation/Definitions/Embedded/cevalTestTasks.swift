/// `Tasks/ceval-test.yaml`, written by scripts/embed-tasks.py.
let cevalTestTasks = EmbeddedTask(
  name: "ceval-test.yaml",
  text: #"""
    # C-Eval's test split: its answers are not public, so this makes the file that is sent in.
    group: ceval-test
    metadata: {version: 2.0}
    task:
      - task: ceval-test_computer_network
        dataset_name: computer_network
        include: ceval-test.template.yaml
        description: "以下是中国关于计算机网络的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/computer_network_dev.csv, test:\#
     ceval/test/computer_network_test.csv}}
      - task: ceval-test_operating_system
        dataset_name: operating_system
        include: ceval-test.template.yaml
        description: "以下是中国关于操作系统的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/operating_system_dev.csv, test:\#
     ceval/test/operating_system_test.csv}}
      - task: ceval-test_computer_architecture
        dataset_name: computer_architecture
        include: ceval-test.template.yaml
        description: "以下是中国关于计算机组成的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/computer_architecture_dev.csv, test:\#
     ceval/test/computer_architecture_test.csv}}
      - task: ceval-test_college_programming
        dataset_name: college_programming
        include: ceval-test.template.yaml
        description: "以下是中国关于大学编程的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_programming_dev.csv, test:\#
     ceval/test/college_programming_test.csv}}
      - task: ceval-test_college_physics
        dataset_name: college_physics
        include: ceval-test.template.yaml
        description: "以下是中国关于大学物理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_physics_dev.csv, test:\#
     ceval/test/college_physics_test.csv}}
      - task: ceval-test_college_chemistry
        dataset_name: college_chemistry
        include: ceval-test.template.yaml
        description: "以下是中国关于大学化学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_chemistry_dev.csv, test:\#
     ceval/test/college_chemistry_test.csv}}
      - task: ceval-test_advanced_mathematics
        dataset_name: advanced_mathematics
        include: ceval-test.template.yaml
        description: "以下是中国关于高等数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/advanced_mathematics_dev.csv, test:\#
     ceval/test/advanced_mathematics_test.csv}}
      - task: ceval-test_probability_and_statistics
        dataset_name: probability_and_statistics
        include: ceval-test.template.yaml
        description: "以下是中国关于概率统计的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/probability_and_statistics_dev.csv, test:\#
     ceval/test/probability_and_statistics_test.csv}}
      - task: ceval-test_discrete_mathematics
        dataset_name: discrete_mathematics
        include: ceval-test.template.yaml
        description: "以下是中国关于离散数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/discrete_mathematics_dev.csv, test:\#
     ceval/test/discrete_mathematics_test.csv}}
      - task: ceval-test_electrical_engineer
        dataset_name: electrical_engineer
        include: ceval-test.template.yaml
        description: "以下是中国关于注册电气工程师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/electrical_engineer_dev.csv, test:\#
     ceval/test/electrical_engineer_test.csv}}
      - task: ceval-test_metrology_engineer
        dataset_name: metrology_engineer
        include: ceval-test.template.yaml
        description: "以下是中国关于注册计量师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/metrology_engineer_dev.csv, test:\#
     ceval/test/metrology_engineer_test.csv}}
      - task: ceval-test_high_school_mathematics
        dataset_name: high_school_mathematics
        include: ceval-test.template.yaml
        description: "以下是中国关于高中数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_mathematics_dev.csv, test:\#
     ceval/test/high_school_mathematics_test.csv}}
      - task: ceval-test_high_school_physics
        dataset_name: high_school_physics
        include: ceval-test.template.yaml
        description: "以下是中国关于高中物理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_physics_dev.csv, test:\#
     ceval/test/high_school_physics_test.csv}}
      - task: ceval-test_high_school_chemistry
        dataset_name: high_school_chemistry
        include: ceval-test.template.yaml
        description: "以下是中国关于高中化学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_chemistry_dev.csv, test:\#
     ceval/test/high_school_chemistry_test.csv}}
      - task: ceval-test_high_school_biology
        dataset_name: high_school_biology
        include: ceval-test.template.yaml
        description: "以下是中国关于高中生物的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_biology_dev.csv, test:\#
     ceval/test/high_school_biology_test.csv}}
      - task: ceval-test_middle_school_mathematics
        dataset_name: middle_school_mathematics
        include: ceval-test.template.yaml
        description: "以下是中国关于初中数学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_mathematics_dev.csv, test:\#
     ceval/test/middle_school_mathematics_test.csv}}
      - task: ceval-test_middle_school_biology
        dataset_name: middle_school_biology
        include: ceval-test.template.yaml
        description: "以下是中国关于初中生物的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_biology_dev.csv, test:\#
     ceval/test/middle_school_biology_test.csv}}
      - task: ceval-test_middle_school_physics
        dataset_name: middle_school_physics
        include: ceval-test.template.yaml
        description: "以下是中国关于初中物理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_physics_dev.csv, test:\#
     ceval/test/middle_school_physics_test.csv}}
      - task: ceval-test_middle_school_chemistry
        dataset_name: middle_school_chemistry
        include: ceval-test.template.yaml
        description: "以下是中国关于初中化学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_chemistry_dev.csv, test:\#
     ceval/test/middle_school_chemistry_test.csv}}
      - task: ceval-test_veterinary_medicine
        dataset_name: veterinary_medicine
        include: ceval-test.template.yaml
        description: "以下是中国关于兽医学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/veterinary_medicine_dev.csv, test:\#
     ceval/test/veterinary_medicine_test.csv}}
      - task: ceval-test_college_economics
        dataset_name: college_economics
        include: ceval-test.template.yaml
        description: "以下是中国关于大学经济学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/college_economics_dev.csv, test:\#
     ceval/test/college_economics_test.csv}}
      - task: ceval-test_business_administration
        dataset_name: business_administration
        include: ceval-test.template.yaml
        description: "以下是中国关于工商管理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/business_administration_dev.csv, test:\#
     ceval/test/business_administration_test.csv}}
      - task: ceval-test_marxism
        dataset_name: marxism
        include: ceval-test.template.yaml
        description: "以下是中国关于马克思主义基本原理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/marxism_dev.csv, test: ceval/test/marxism_test.csv}}
      - task: ceval-test_mao_zedong_thought
        dataset_name: mao_zedong_thought
        include: ceval-test.template.yaml
        description: "以下是中国关于毛泽东思想和中国特色社会主义理论体系概论的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/mao_zedong_thought_dev.csv, test:\#
     ceval/test/mao_zedong_thought_test.csv}}
      - task: ceval-test_education_science
        dataset_name: education_science
        include: ceval-test.template.yaml
        description: "以下是中国关于教育学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/education_science_dev.csv, test:\#
     ceval/test/education_science_test.csv}}
      - task: ceval-test_teacher_qualification
        dataset_name: teacher_qualification
        include: ceval-test.template.yaml
        description: "以下是中国关于教师资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/teacher_qualification_dev.csv, test:\#
     ceval/test/teacher_qualification_test.csv}}
      - task: ceval-test_high_school_politics
        dataset_name: high_school_politics
        include: ceval-test.template.yaml
        description: "以下是中国关于高中政治的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_politics_dev.csv, test:\#
     ceval/test/high_school_politics_test.csv}}
      - task: ceval-test_high_school_geography
        dataset_name: high_school_geography
        include: ceval-test.template.yaml
        description: "以下是中国关于高中地理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_geography_dev.csv, test:\#
     ceval/test/high_school_geography_test.csv}}
      - task: ceval-test_middle_school_politics
        dataset_name: middle_school_politics
        include: ceval-test.template.yaml
        description: "以下是中国关于初中政治的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_politics_dev.csv, test:\#
     ceval/test/middle_school_politics_test.csv}}
      - task: ceval-test_middle_school_geography
        dataset_name: middle_school_geography
        include: ceval-test.template.yaml
        description: "以下是中国关于初中地理的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_geography_dev.csv, test:\#
     ceval/test/middle_school_geography_test.csv}}
      - task: ceval-test_modern_chinese_history
        dataset_name: modern_chinese_history
        include: ceval-test.template.yaml
        description: "以下是中国关于近代史纲要的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/modern_chinese_history_dev.csv, test:\#
     ceval/test/modern_chinese_history_test.csv}}
      - task: ceval-test_ideological_and_moral_cultivation
        dataset_name: ideological_and_moral_cultivation
        include: ceval-test.template.yaml
        description: "以下是中国关于思想道德修养与法律基础的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/ideological_and_moral_cultivation_dev.csv, test:\#
     ceval/test/ideological_and_moral_cultivation_test.csv}}
      - task: ceval-test_logic
        dataset_name: logic
        include: ceval-test.template.yaml
        description: "以下是中国关于逻辑学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/logic_dev.csv, test: ceval/test/logic_test.csv}}
      - task: ceval-test_law
        dataset_name: law
        include: ceval-test.template.yaml
        description: "以下是中国关于法学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/law_dev.csv, test: ceval/test/law_test.csv}}
      - task: ceval-test_chinese_language_and_literature
        dataset_name: chinese_language_and_literature
        include: ceval-test.template.yaml
        description: "以下是中国关于中国语言文学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/chinese_language_and_literature_dev.csv, test:\#
     ceval/test/chinese_language_and_literature_test.csv}}
      - task: ceval-test_art_studies
        dataset_name: art_studies
        include: ceval-test.template.yaml
        description: "以下是中国关于艺术学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/art_studies_dev.csv, test: ceval/test/art_studies_test.csv}}
      - task: ceval-test_professional_tour_guide
        dataset_name: professional_tour_guide
        include: ceval-test.template.yaml
        description: "以下是中国关于导游资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/professional_tour_guide_dev.csv, test:\#
     ceval/test/professional_tour_guide_test.csv}}
      - task: ceval-test_legal_professional
        dataset_name: legal_professional
        include: ceval-test.template.yaml
        description: "以下是中国关于法律职业资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/legal_professional_dev.csv, test:\#
     ceval/test/legal_professional_test.csv}}
      - task: ceval-test_high_school_chinese
        dataset_name: high_school_chinese
        include: ceval-test.template.yaml
        description: "以下是中国关于高中语文的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_chinese_dev.csv, test:\#
     ceval/test/high_school_chinese_test.csv}}
      - task: ceval-test_high_school_history
        dataset_name: high_school_history
        include: ceval-test.template.yaml
        description: "以下是中国关于高中历史的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/high_school_history_dev.csv, test:\#
     ceval/test/high_school_history_test.csv}}
      - task: ceval-test_middle_school_history
        dataset_name: middle_school_history
        include: ceval-test.template.yaml
        description: "以下是中国关于初中历史的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/middle_school_history_dev.csv, test:\#
     ceval/test/middle_school_history_test.csv}}
      - task: ceval-test_civil_servant
        dataset_name: civil_servant
        include: ceval-test.template.yaml
        description: "以下是中国关于公务员的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/civil_servant_dev.csv, test:\#
     ceval/test/civil_servant_test.csv}}
      - task: ceval-test_sports_science
        dataset_name: sports_science
        include: ceval-test.template.yaml
        description: "以下是中国关于体育学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/sports_science_dev.csv, test:\#
     ceval/test/sports_science_test.csv}}
      - task: ceval-test_plant_protection
        dataset_name: plant_protection
        include: ceval-test.template.yaml
        description: "以下是中国关于植物保护的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/plant_protection_dev.csv, test:\#
     ceval/test/plant_protection_test.csv}}
      - task: ceval-test_basic_medicine
        dataset_name: basic_medicine
        include: ceval-test.template.yaml
        description: "以下是中国关于基础医学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/basic_medicine_dev.csv, test:\#
     ceval/test/basic_medicine_test.csv}}
      - task: ceval-test_clinical_medicine
        dataset_name: clinical_medicine
        include: ceval-test.template.yaml
        description: "以下是中国关于临床医学的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/clinical_medicine_dev.csv, test:\#
     ceval/test/clinical_medicine_test.csv}}
      - task: ceval-test_urban_and_rural_planner
        dataset_name: urban_and_rural_planner
        include: ceval-test.template.yaml
        description: "以下是中国关于注册城乡规划师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/urban_and_rural_planner_dev.csv, test:\#
     ceval/test/urban_and_rural_planner_test.csv}}
      - task: ceval-test_accountant
        dataset_name: accountant
        include: ceval-test.template.yaml
        description: "以下是中国关于注册会计师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/accountant_dev.csv, test: ceval/test/accountant_test.csv}}
      - task: ceval-test_fire_engineer
        dataset_name: fire_engineer
        include: ceval-test.template.yaml
        description: "以下是中国关于注册消防工程师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/fire_engineer_dev.csv, test:\#
     ceval/test/fire_engineer_test.csv}}
      - task: ceval-test_environmental_impact_assessment_engineer
        dataset_name: environmental_impact_assessment_engineer
        include: ceval-test.template.yaml
        description: "以下是中国关于环境影响评价工程师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/environmental_impact_assessment_engineer_dev.csv, test:\#
     ceval/test/environmental_impact_assessment_engineer_test.csv}}
      - task: ceval-test_tax_accountant
        dataset_name: tax_accountant
        include: ceval-test.template.yaml
        description: "以下是中国关于税务师的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/tax_accountant_dev.csv, test:\#
     ceval/test/tax_accountant_test.csv}}
      - task: ceval-test_physician
        dataset_name: physician
        include: ceval-test.template.yaml
        description: "以下是中国关于医师资格的单项选择题，请选出其中的正确答案。\n\n"
        dataset_kwargs: {data_files: {dev: ceval/dev/physician_dev.csv, test: ceval/test/physician_test.csv}}

    """#)

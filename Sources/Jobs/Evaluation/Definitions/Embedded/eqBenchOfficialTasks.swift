/// `Tasks/eq_bench_official.yaml`, written by scripts/embed-tasks.py.
let eqBenchOfficialTasks = EmbeddedTask(
  name: "eq_bench_official.yaml",
  text: #"""
    # EQ-Bench 2.1 with answers as long as the authors' program lets them be; see eq_bench.yaml.
    include: eq_bench.yaml
    task: eq_bench_official
    generation_kwargs: {do_sample: false, temperature: 0.0, max_gen_toks: 600}

    """#)

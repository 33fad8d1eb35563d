#!/usr/bin/env python3
"""Two workers of one thread beside one worker of two threads, for Admix and for PyTorch (DDP over gloo).

    swift build -c release
    scripts/bench/workers_vs_threads.py --tokenizer DIR --corpus FILE.jsonl.gz --torch-python VENV/bin/python

Same model shape (SmolLM2's, or fewer layers), same tokens a step, same accumulation: a slice of Admix and a microbatch
of PyTorch are a row. Runs take turns, on processors 0 and 1; a step's time is what lies between two commits, so that
starting and writing results do not count. Nor does the first step, nor the second: it begins with the first update,
which takes the moments' memory from the system. Prints JSON: a line a run, then medians and ratios.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Steps whose time does not count.
WARM_UP = 2
PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ddp_peer.py")


def write_job(folder, arguments, exchange=None, name="job.yaml"):
    """A job of random weights; times do not depend on what is learned."""
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(dict(
            architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=49152, hidden_size=576,
            intermediate_size=1536, num_hidden_layers=arguments.layers, num_attention_heads=9, num_key_value_heads=3,
            head_dim=64, max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=100000.0,
            tie_word_embeddings=True, hidden_act="silu", torch_dtype="float32"), file)
    path = os.path.join(folder, name)
    exchange = exchange or arguments.exchange
    with open(path, "w") as file:
        file.write(f"""job: cpt
name: bench
init: random
config: config.json
tokenizer: {os.path.abspath(arguments.tokenizer)}
sources:
  - {{name: text, role: retained, paths: [{os.path.abspath(arguments.corpus)}]}}
mixture: {{almr: 0}}
recipe:
  steps: {arguments.steps + WARM_UP}
  sequence_length: {arguments.length}
  global_batch_size: {arguments.rows}
  learning_rate: 1.0e-4
  advanced: {{slices: {arguments.rows}, exchange: {exchange}}}
""")
    return path


def read_run(output, result):
    with open(os.path.join(output, "metrics.jsonl")) as file:
        times = [json.loads(line)["time"] for line in file]
    wire = result["wire"]
    return dict(
        seconds=[later - earlier for earlier, later in zip(times, times[1:])][WARM_UP - 1:],
        wait_share=wire["wait_seconds"] / wire["step_seconds"], sent_bytes=wire["sent_bytes"],
        raw_bytes=wire["raw_bytes"], peak_bytes=result["peak_memory_bytes"], weights=result["weights_sha256"])


def run_admix(arguments, workers, threads):
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "out")
        command = ["taskset", "-c", "0,1", arguments.admix, "run", write_job(folder, arguments), "--output", output,
                   "--workers", str(workers), "--threads", str(threads), "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"admix ended with {done.returncode}:\n{done.stderr}")
        return read_run(output, json.loads(done.stdout))


def run_torch(arguments, ranks, threads):
    environment = dict(os.environ, WORLD_SIZE=str(ranks), MASTER_ADDR="127.0.0.1", MASTER_PORT="29517",
                       GLOO_SOCKET_IFNAME="lo")
    processes = []
    for rank in range(ranks):
        pinned = "0,1" if ranks == 1 else str(rank % 2)
        processes.append(subprocess.Popen(
            ["taskset", "-c", pinned, arguments.torch_python, PEER, "--rows", str(arguments.rows), "--length",
             str(arguments.length), "--steps", str(arguments.torch_steps + WARM_UP), "--threads", str(threads),
             "--layers", str(arguments.layers)],
            env=dict(environment, RANK=str(rank)), stdout=subprocess.PIPE, text=True))
    answers = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit("PyTorch ended with an error")
    return dict(seconds=[json.loads(line)["seconds"] for line in answers[0].splitlines() if line[:1] == "{"][WARM_UP:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--admix", default=".build/release/admix")
    parser.add_argument("--tokenizer", required=True, help="a directory with tokenizer.model")
    parser.add_argument("--corpus", required=True, help="a .jsonl.gz with `text`")
    parser.add_argument("--torch-python", default=os.environ.get("TORCH_PYTHON"), help="without it Admix only")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--exchange", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--steps", type=int, default=3, help="timed steps of a run of Admix")
    parser.add_argument("--torch-steps", type=int, default=1, help="timed steps of a run of PyTorch")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--torch-only", action="store_true", help="leave Admix out")
    arguments = parser.parse_args()

    arguments.admix = os.path.abspath(arguments.admix)
    runs = []
    if not arguments.torch_only:
        runs += [("admix 1x2", run_admix, 1, 2), ("admix 2x1", run_admix, 2, 1)]
    if arguments.torch_python:
        runs += [("torch 1x2", run_torch, 1, 2), ("ddp 2x1", run_torch, 2, 1)]
    seconds, weights = {}, set()
    for round_number in range(arguments.rounds):
        for name, run, workers, threads in runs if round_number % 2 == 0 else reversed(runs):
            begin = time.monotonic()
            answer = run(arguments, workers, threads)
            seconds.setdefault(name, []).extend(answer["seconds"])
            if "weights" in answer:
                weights.add(answer["weights"])
            print(json.dumps(dict(run=name, round=round_number, load=os.getloadavg()[0], **answer,
                                  whole_seconds=time.monotonic() - begin)), flush=True)
    if len(weights) > 1:
        sys.exit(f"the runs of Admix ended with different weights: {sorted(weights)}")
    median = {name: statistics.median(values) for name, values in seconds.items()}
    tokens = arguments.rows * arguments.length
    answer = dict(median_seconds=median, tokens_per_second={name: tokens / value for name, value in median.items()})
    if "admix 2x1" in median:
        answer["admix_workers_over_threads"] = median["admix 1x2"] / median["admix 2x1"]
    if "ddp 2x1" in median:
        answer["torch_workers_over_threads"] = median["torch 1x2"] / median["ddp 2x1"]
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

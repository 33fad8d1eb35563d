#!/usr/bin/env python3
"""Admix and lm-evaluation-harness on the same items, turn about: speed, and what they answered.

    eval_vs_lm_eval.py ADMIX MODEL DATA TASK[,TASK…] [--limit N] [--num_fewshot N] [--rounds 3] [--batch_sizes 1,8,32]

Needs the packages of scripts/fixtures/requirements.txt. MODEL is a Hugging Face directory that both read (`admix export`
makes one); with --admix_model Admix reads the same weights from there, such as the GGUF file they were exported from.
Admix' time is the whole command, start and loading included; the harness's is its `evaluate` alone, at its fastest
batch size. Both use --threads threads. Speeds are medians over the rounds.
"""
import argparse
import glob
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def admix(options, directory):
    command = [options.admix, "eval", options.admix_model or options.model, "--tasks", options.tasks, "--data",
               options.data, "--output_path", directory, "--threads", str(options.threads)]
    for name in ("limit", "num_fewshot"):
        if getattr(options, name) is not None:
            command += ["--" + name, str(getattr(options, name))]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - start, directory + "/eval"


def harness(options, directory, batch_size):
    command = [sys.executable, str(HERE.parent / "fixtures/lm_eval_reference.py"), options.model, options.data,
               options.tasks, directory, "--batch_size", str(batch_size), "--threads", str(options.threads)]
    for name in ("limit", "num_fewshot"):
        if getattr(options, name) is not None:
            command += ["--" + name, str(getattr(options, name))]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(pathlib.Path(directory, "results.json").read_text())["seconds"], directory


def samples(directory):
    found = {}
    for path in sorted(glob.glob(directory + "/samples_*.jsonl")):
        task = os.path.basename(path)[len("samples_"):].rsplit("_", 1)[0]
        with open(path, encoding="utf-8") as file:
            for line in file:
                sample = json.loads(line)
                found[task, sample["filter"], sample["doc_id"]] = sample
    return found


def compare(ours, theirs):
    """What is not the same: prompts, likelihoods by more than 1e-3, texts, scores."""
    ours, theirs = samples(ours), samples(theirs)
    assert set(ours) == set(theirs), "other items"
    worst, prompts, texts, scores = 0.0, [], [], []
    for key, a in ours.items():
        b = theirs[key]
        if a["prompt_hash"] != b["prompt_hash"]:
            prompts.append(key)
        for x, y in zip(a["resps"], b["resps"]):
            if isinstance(y[0], list):
                worst = max(worst, abs(float(x[0][0]) - float(y[0][0])))
            elif isinstance(y[0], float):
                worst = max(worst, abs(float(x[0]) - y[0]))
            elif x != y:
                texts.append(key)
        if any(abs(a[m] - b[m]) > 1e-9 for m in a["metrics"] if m in b and isinstance(b[m], (int, float))):
            scores.append(key)
    print("%d samples: %d other prompts, log-likelihoods within %.2g, %d other texts, %d other scores"
          % (len(ours), len(prompts), worst, len(texts), len(scores)))
    for name, keys in (("prompt", prompts), ("text", texts), ("score", scores)):
        for key in keys[:20]:
            print("  other %s: %s" % (name, key))
    return len(set((k[0], k[2]) for k in ours))


def main():
    arguments = argparse.ArgumentParser()
    for name in ("admix", "model", "data", "tasks"):
        arguments.add_argument(name)
    arguments.add_argument("--admix_model", help="where Admix reads the weights, if not in MODEL")
    arguments.add_argument("--limit", type=float)
    arguments.add_argument("--num_fewshot", type=int)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--batch_sizes", default="1,8,32")
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    if options.limit and options.limit >= 1:
        options.limit = int(options.limit)
    with tempfile.TemporaryDirectory() as folder:
        times = {"admix": []}
        for round in range(options.rounds):
            seconds, ours = admix(options, "%s/admix-%d" % (folder, round))
            times["admix"].append(seconds)
            for size in options.batch_sizes.split(","):
                seconds, theirs = harness(options, "%s/harness-%s-%d" % (folder, size, round), int(size))
                times.setdefault("harness, batch %s" % size, []).append(seconds)
        items = compare(ours, theirs)
        for name, all in times.items():
            print("%-20s %8.2f s  %8.2f items/s  (%s)" % (
                name, statistics.median(all), items / statistics.median(all), ", ".join("%.2f" % t for t in all)))
        best = min(statistics.median(all) for name, all in times.items() if name != "admix")
        print("Admix is %.2f times as fast" % (best / statistics.median(times["admix"])))


main()

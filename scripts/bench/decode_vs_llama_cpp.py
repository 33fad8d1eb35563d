#!/usr/bin/env python3
"""Times reading prompts and generating: Admix and llama.cpp on one GGUF file.

    swift build -c release
    python3 scripts/bench/decode_vs_llama_cpp.py --model MODEL.gguf --llama-python VENV/bin/python

The peers take turns, so that what else the host does meets them alike; medians of the rounds are compared. llama.cpp
comes as the PyPI package llama-cpp-python, compiled on this host (CMAKE_ARGS=-DGGML_NATIVE=ON); a step of its decoding
is one `eval` of one token, without sampling. Admix also decodes --streams texts at once. Prints JSON: a line a peer
and round, then the medians and ratios.

The Python that has llama_cpp comes from --llama-python or LLAMA_PYTHON; the script needs the standard library only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def serve_llama(arguments):
    """Runs where llama_cpp is: one measurement for each line of standard input."""
    from llama_cpp import Llama

    model = Llama(arguments.model, n_ctx=arguments.prompt + arguments.tokens + 8, n_threads=arguments.threads,
                  n_threads_batch=arguments.threads, n_batch=512, verbose=False)
    print("ready", flush=True)
    for _ in sys.stdin:
        model.reset()
        start = time.perf_counter()
        model.eval([100 + i for i in range(arguments.prompt)])
        prefilled = time.perf_counter()
        for i in range(arguments.tokens):
            model.eval([200 + i])
        end = time.perf_counter()
        print(json.dumps({"prefill": arguments.prompt / (prefilled - start),
                          "decode": arguments.tokens / (end - prefilled)}), flush=True)


class LlamaPeer:
    def __init__(self, arguments):
        command = [arguments.llama_python, os.path.abspath(__file__), "--serve", "--model", arguments.model,
                   "--threads", str(arguments.threads), "--prompt", str(arguments.prompt),
                   "--tokens", str(arguments.tokens)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("llama.cpp did not start; does --llama-python have the package llama-cpp-python?")

    def measure(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure_admix(arguments, streams):
    command = [arguments.admix, "bench", "decode", "--json", "--threads", str(arguments.threads), "--model",
               arguments.model, "--prompt", str(arguments.prompt), "--tokens", str(arguments.tokens),
               "--streams", str(streams), "--repetitions", "2"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    last = json.loads(lines[-1])  # the first one warms up
    return {"prefill": last["prefill_tokens_per_second"], "decode": last["decode_tokens_per_second"]}


def peer_arguments(description, prompt, tokens):
    """A parser of what every comparison with llama.cpp is told, with these defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", required=True, help="a GGUF file")
    parser.add_argument("--admix", default=".build/release/admix")
    parser.add_argument("--llama-python", default=os.environ.get("LLAMA_PYTHON", "python3"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=prompt, help="tokens that are read before decoding")
    parser.add_argument("--tokens", type=int, default=tokens)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    return parser


def take_turns(rounds, peers):
    """Measures the peers, functions of the round's number by name, in turns; prints and returns all results by name."""
    results = {name: [] for name in peers}
    for turn in range(rounds):
        for name, measure in peers.items():
            results[name].append(measure(turn))
            print(json.dumps({"peer": name, **results[name][-1]}), flush=True)
    return results


def main():
    parser = peer_arguments(__doc__.splitlines()[0], prompt=128, tokens=96)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve_llama(arguments)
    llama = LlamaPeer(arguments)
    llama.measure()  # warms up
    texts = f"admix, {arguments.streams} texts"
    rounds = take_turns(arguments.rounds, {
        "llama.cpp": lambda turn: llama.measure(), "admix": lambda turn: measure_admix(arguments, 1),
        texts: lambda turn: measure_admix(arguments, arguments.streams)})
    llama.close()
    median = {name: {key: statistics.median(r[key] for r in found) for key in ("prefill", "decode")}
              for name, found in rounds.items()}
    one, many = median["admix"]["decode"], median[texts]["decode"]
    print(json.dumps({"medians": median, "decode_over_llama_cpp": one / median["llama.cpp"]["decode"],
                      "prefill_over_llama_cpp": median["admix"]["prefill"] / median["llama.cpp"]["prefill"],
                      "streams_over_one": many / one}))


if __name__ == "__main__":
    main()

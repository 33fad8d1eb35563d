#!/usr/bin/env python3
"""Times Admix's tokenizers beside Hugging Face's, one thread each, interleaved; medians of five.

    python3 scripts/bench/tokenizers_vs_hf.py ADMIX DATA

Timed is encoding alone: a fresh encoder, one document after the other. Hugging Face's library encodes one text a call
with TOKENIZERS_PARALLELISM off.
"""
import gzip
import json
import os
import statistics
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
from tokenizers import Tokenizer  # noqa: E402

ROUNDS = 5


def main():
    admix, data = sys.argv[1], sys.argv[2]
    path = f"{data}/tokenizers/smollm2/tokenizer.json"
    reference = Tokenizer.from_file(path)
    print(f"load {os.getloadavg()[0]:.1f}; MB/s, medians of {ROUNDS} (least to greatest)")
    for corpus in ["en_gutenberg", "zh_classics"]:
        file = f"{data}/corpora/{corpus}.jsonl.gz"
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        megabytes = sum(len(text.encode()) for text in texts) / 1e6
        own, theirs = [], []
        for _ in range(ROUNDS):
            command = [admix, "tokenize", "--model", path, "--json", file]
            source = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["sources"][0]
            own.append(megabytes / source["seconds"])
            start = time.perf_counter()
            tokens = sum(len(reference.encode(text, add_special_tokens=False)) for text in texts)
            theirs.append(megabytes / (time.perf_counter() - start))
            assert tokens == source["tokens"], (tokens, source["tokens"])
        mine, other = statistics.median(own), statistics.median(theirs)
        print(f"{corpus}: Admix {mine:.1f} ({min(own):.1f} to {max(own):.1f}), tokenizers {other:.2f} "
              f"({min(theirs):.2f} to {max(theirs):.2f}), ratio {mine / other:.1f}")


if __name__ == "__main__":
    main()

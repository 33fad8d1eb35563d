#!/usr/bin/env python3
"""Looks for texts that make a tokenizer slow: a mebibyte of one thing, and twice as much.

    python3 scripts/bench/tokenizers_linear.py ADMIX TOKENIZER...

A TOKENIZER is what `admix tokenize --model` takes. For each, the table has MB/s of the text and how many times longer
twice the text takes (2 is linear; the least of three runs each). Exit code 1 if anything takes more than three times as
long.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

ROUNDS = 3
SIZE = 1 << 20


def repeated(unit, size):
    return unit * (size // len(unit.encode()))


def random_letters(size):
    """A word without an end that no cache of words knows."""
    return "".join(random.Random(size).choices("abcdefghijklmnopqrstuvwxyz", k=size))


def random_han(size):
    return "".join(chr(code) for code in random.Random(size).choices(range(0x4E00, 0x9FA5), k=size // 3))


TEXTS = {
    "one letter": lambda size: repeated("a", size),
    "letters, no space": random_letters,
    "spaces": lambda size: repeated(" ", size),
    "spaces, then a word": lambda size: repeated(" ", size - 1) + "a",
    "line ends": lambda size: repeated("\n", size),
    "spaces and line ends": lambda size: repeated("  \n", size),
    "one Han character": lambda size: repeated("的", size),
    "Han characters": random_han,
    "one digit": lambda size: repeated("1", size),
    "digits": lambda size: repeated("31415926535", size),
    "symbols": lambda size: repeated("!", size),
    "apostrophes": lambda size: repeated("'", size),
    "a combining mark": lambda size: repeated("\u0301", size),
    "a letter, then marks": lambda size: "a" + repeated("\u0323\u0301", size),
    "Hangul's parts": lambda size: repeated("\u1112\u1161\u11ab", size),
    "one emoji": lambda size: repeated("😀", size),
    "a family of emoji": lambda size: repeated("👨\u200d👩\u200d👧", size),
    "NUL": lambda size: repeated("\0", size),
    "starts of special tokens": lambda size: repeated("<|endoftext", size),
    "special tokens": lambda size: repeated("<|endoftext|></s>", size),
    "all the same word": lambda size: repeated(" tokenization", size),
}


def seconds(admix, tokenizer, file):
    command = [admix, "tokenize", "--model", tokenizer, "--json", file]
    runs = (subprocess.run(command, capture_output=True, check=True).stdout for _ in range(ROUNDS))
    return min(json.loads(run)["sources"][0]["seconds"] for run in runs)


def main():
    admix, tokenizers = sys.argv[1], sys.argv[2:]
    slow = 0
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for tokenizer in tokenizers:
            print(f"{tokenizer}\n  {'text':26} MB/s  twice the text")
            for name, make in TEXTS.items():
                file = f"{folder}/text.jsonl"
                times = []
                for size in [SIZE, 2 * SIZE]:
                    with open(file, "w", encoding="utf-8", newline="\n") as output:
                        json.dump({"text": make(size)}, output)
                    times.append(seconds(admix, tokenizer, file))
                ratio = times[1] / times[0]
                slow += ratio > 3
                print(f"  {name:26} {SIZE / 1e6 / times[0]:5.1f} {ratio:5.1f}{' SLOW' if ratio > 3 else ''}", flush=True)
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()

"""Compares `admix tokenize` with the reference libraries, id by id; scripts/check-tokenizers.sh calls it.

    python3 scripts/check-tokenizers.py ADMIX DATA

Every corpus document, every benchmark, SFT and DPO file (whole), and the odd texts of the fixtures.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile

import sentencepiece
from tokenizers import Tokenizer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "fixtures"))
import byte_level_reference  # noqa: E402
import tokenizer_reference  # noqa: E402


def texts(data):
    for name in sorted(os.listdir(f"{data}/corpora")):
        if name.endswith(".jsonl.gz"):
            with gzip.open(f"{data}/corpora/{name}", "rt", encoding="utf-8", newline="\n") as lines:
                for line in lines:
                    yield f"corpora/{name}", json.loads(line)["text"]
    for part in ["benchmarks", "sft", "dpo"]:
        for folder, _, files in sorted(os.walk(f"{data}/{part}")):
            for file in sorted(files):
                path = os.path.join(folder, file)
                opened = gzip.open(path, "rb") if file.endswith(".gz") else open(path, "rb")
                with opened:
                    yield part, opened.read().decode("utf-8")
    for text in byte_level_reference.texts() + tokenizer_reference.odd_texts():
        yield "odd texts", text


def references(data):
    smollm2 = Tokenizer.from_file(f"{data}/tokenizers/smollm2/tokenizer.json")
    llama3 = byte_level_reference.llama3(f"{data}/tokenizers/llama3/tokenizer.model")
    yield "tokenizers/smollm2/tokenizer.json", lambda s: smollm2.encode(s, add_special_tokens=False).ids
    yield "tokenizers/llama3/tokenizer.model", lambda s: llama3.encode(s, allowed_special="all")
    for path in ["tokenizers/mistral-v1/tokenizer.model", "models/stories260K/hf/tokenizer.model"]:
        yield path, sentencepiece.SentencePieceProcessor(model_file=f"{data}/{path}").encode


def main():
    admix, data = sys.argv[1], sys.argv[2]
    everything = [(source, text) for source, text in texts(data) if text]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/all.jsonl", "w", encoding="utf-8") as file:
            for _, text in everything:
                file.write(json.dumps({"text": text}) + "\n")
        for path, encode in references(data):
            command = [admix, "tokenize", "--model", f"{data}/{path}", "--ids", f"{folder}/all.jsonl"]
            child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            tokens, wrong = 0, []
            for (source, text), line in zip(everything, child.stdout, strict=True):
                own, expected = [int(word) for word in line.split()], list(encode(text))
                tokens += len(expected)
                if own != expected:
                    wrong.append((source, text[:80]))
            if child.wait() != 0:
                sys.exit(f"{' '.join(command)} failed")
            print(f"{path}: {len(everything)} texts, {tokens} ids, {len(wrong)} texts differ", flush=True)
            for source, text in wrong[:5]:
                print(f"  {source}: {text!r}")
            failed = failed or bool(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

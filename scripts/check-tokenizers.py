"""Compares `admix tokenize` with the reference libraries, id by id; scripts/check-tokenizers.sh calls it.

    python3 scripts/check-tokenizers.py ADMIX DATA [NAME…]

NAME is a part of the tokenizers' names below; without one, all are compared. Every corpus document, every benchmark, SFT and DPO file (whole), and the odd texts of the fixtures.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unicodedata

import sentencepiece
from tokenizers import Tokenizer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "fixtures"))
import byte_level_reference  # noqa: E402
import gguf_vocabularies  # noqa: E402
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


def references(data, folder):
    """Name, file and encoder of each; GGUF files are written into `folder`."""
    smollm2 = Tokenizer.from_file(f"{data}/tokenizers/smollm2/tokenizer.json")
    ranks = f"{data}/tokenizers/llama3/tokenizer.model"
    llama3 = byte_level_reference.llama3(ranks)
    pieces = f"{data}/tokenizers/mistral-v1/tokenizer.model"
    mistral = sentencepiece.SentencePieceProcessor(model_file=pieces)
    stories = f"{data}/models/stories260K/hf/tokenizer.model"
    yield "smollm2 tokenizer.json", f"{data}/tokenizers/smollm2/tokenizer.json", lambda s: smollm2.encode(
        s, add_special_tokens=False).ids
    yield "llama3 ranks", ranks, lambda s: llama3.encode(s, allowed_special="all")
    yield "mistral pieces", pieces, mistral.encode
    yield "stories260K pieces", stories, sentencepiece.SentencePieceProcessor(model_file=stories).encode
    file = f"{folder}/llama-bpe.gguf"
    gguf_vocabularies.write_byte_level(file, "llama", "llama-bpe", llama3)
    yield "llama3 GGUF (llama-bpe)", file, lambda s: llama3.encode(s, allowed_special="all")
    file = f"{folder}/llama-spm.gguf"
    gguf_vocabularies.write_sentencepiece(file, pieces)
    yield "mistral GGUF (llama)", file, mistral.encode
    if "QWEN_TIKTOKEN" in os.environ:
        qwen = gguf_vocabularies.qwen(os.environ["QWEN_TIKTOKEN"])
        file = f"{folder}/qwen2.gguf"
        gguf_vocabularies.write_byte_level(file, "qwen2", "qwen2", qwen, gguf_vocabularies.QWEN_ROWS)
        yield "qwen2 GGUF (qwen2)", file, lambda s: qwen.encode(
            unicodedata.normalize("NFC", s), allowed_special="all")
    else:
        print("qwen2 GGUF: skipped, QWEN_TIKTOKEN names no qwen.tiktoken (the package dashscope on PyPI has it)")


def main():
    admix, data, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    everything = [(source, text) for source, text in texts(data) if text]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/all.jsonl", "w", encoding="utf-8") as file:
            for _, text in everything:
                file.write(json.dumps({"text": text}) + "\n")
        for name, path, encode in references(data, folder):
            if names and not any(part in name for part in names):
                continue
            command = [admix, "tokenize", "--model", path, "--ids", f"{folder}/all.jsonl"]
            child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            tokens, wrong = 0, []
            for (source, text), line in zip(everything, child.stdout, strict=True):
                own, expected = [int(word) for word in line.split()], list(encode(text))
                tokens += len(expected)
                if own != expected:
                    wrong.append((source, text[:80]))
            if child.wait() != 0:
                sys.exit(f"{' '.join(command)} failed")
            print(f"{name}: {len(everything)} texts, {tokens} ids, {len(wrong)} texts differ", flush=True)
            for source, text in wrong[:5]:
                print(f"  {source}: {text!r}")
            failed = failed or bool(wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Times `admix serve` over HTTP, one stream and eight at once, beside llama.cpp's decoding of the same GGUF file.

    swift build -c release
    python3 scripts/bench/serve_vs_llama_cpp.py --model MODEL.gguf --llama-python VENV/bin/python

The peers take turns, so that what else the host does meets them alike; medians of the rounds are compared. What counts
is what a client sees: pieces of a streamed completion, from the first to the last, so JSON, HTTP and sampling are in
it. llama.cpp decodes in its own process without any of that (scripts/bench/decode_vs_llama_cpp.py). Prints JSON: a
line a peer and round, then the medians and ratios.

The Python that has llama_cpp comes from --llama-python or LLAMA_PYTHON; the script needs the standard library only.
"""

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time

from decode_vs_llama_cpp import LlamaPeer


class AdmixServer:
    def __init__(self, arguments):
        self.arguments = arguments
        self.process = subprocess.Popen(
            [arguments.admix, "serve", arguments.model, "--port", "0", "--threads", str(arguments.threads)],
            stderr=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            found = re.search(r"is served at http://127\.0\.0\.1:(\d+)/", line)
            if found:
                self.port = int(found[1])
                return
        sys.exit("admix serve did not begin: " + "".join(lines))

    def stream(self, seed):
        """When the first piece came, when the last, and the number of tokens."""
        # Another one for each stream: nothing is found in the cache of prefixes.
        prompt = f"{seed} nights ago there was a king who told his daughters a very long story. It went like this:"
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/v1/completions", json.dumps({
            "prompt": prompt, "max_tokens": self.arguments.tokens, "temperature": 1, "seed": seed, "stream": True,
            "stream_options": {"include_usage": True}}))
        first = last = tokens = None
        for line in connection.getresponse():
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if event.get("usage"):
                tokens = event["usage"]["completion_tokens"]
            else:
                last = time.perf_counter()
                first = first or last
        connection.close()
        return first, last, tokens

    def measure(self, streams, turn):
        found = []
        threads = [threading.Thread(target=lambda i=i: found.append(self.stream(1000 * turn + i)))
                   for i in range(streams)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = max(last for _, last, _ in found) - min(first for first, _, _ in found)
        # The first token of each is there when its time begins.
        return {"decode": sum(tokens - 1 for _, _, tokens in found) / seconds}

    def close(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a GGUF file")
    parser.add_argument("--admix", default=".build/release/admix")
    parser.add_argument("--llama-python", default=os.environ.get("LLAMA_PYTHON", "python3"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=24, help="tokens that llama.cpp reads before it decodes")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    llama, admix = LlamaPeer(arguments), AdmixServer(arguments)
    llama.measure()  # warms up
    admix.measure(1, 0)
    many = f"admix serve, {arguments.streams} streams"
    rounds = {"llama.cpp": [], "admix serve": [], many: []}
    for turn in range(1, arguments.rounds + 1):
        for name, measure in [("llama.cpp", llama.measure), ("admix serve", lambda: admix.measure(1, turn)),
                              (many, lambda: admix.measure(arguments.streams, 100 + turn))]:
            rounds[name].append(measure())
            print(json.dumps({"peer": name, **rounds[name][-1]}), flush=True)
    llama.close()
    admix.close()
    median = {name: statistics.median(r["decode"] for r in found) for name, found in rounds.items()}
    print(json.dumps({"medians": median, "one_over_llama_cpp": median["admix serve"] / median["llama.cpp"],
                      "streams_over_one": median[many] / median["admix serve"]}))


if __name__ == "__main__":
    main()

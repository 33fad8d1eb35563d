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

import http.client
import json
import re
import statistics
import subprocess
import sys
import threading
import time

from decode_vs_llama_cpp import LlamaPeer, peer_arguments, take_turns


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
    arguments = peer_arguments(__doc__.splitlines()[0], prompt=24, tokens=128).parse_args()
    llama, admix = LlamaPeer(arguments), AdmixServer(arguments)
    llama.measure()  # warms up
    admix.measure(1, 0)
    many = f"admix serve, {arguments.streams} streams"
    rounds = take_turns(arguments.rounds, {
        "llama.cpp": lambda turn: llama.measure(), "admix serve": lambda turn: admix.measure(1, 1 + turn),
        many: lambda turn: admix.measure(arguments.streams, 101 + turn)})
    llama.close()
    admix.close()
    median = {name: statistics.median(r["decode"] for r in found) for name, found in rounds.items()}
    print(json.dumps({"medians": median, "one_over_llama_cpp": median["admix serve"] / median["llama.cpp"],
                      "streams_over_one": median[many] / median["admix serve"]}))


if __name__ == "__main__":
    main()

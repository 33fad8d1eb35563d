#!/usr/bin/env python3
"""Talks to `admix serve` as the official OpenAI client does: streaming and not, right and wrong, many at once.

    python3 -m venv venv && venv/bin/pip install openai
    venv/bin/python scripts/check-openai-client.py --model MODEL [--template zephyr] [--admix .build/release/admix]

Starts the server itself on any free port, with a key, and ends it. Prints a line a check; the first one that fails ends
it with status 1.
"""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import openai

KEY = "check-key"
HELLO = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "你好! Tell me of the sea."}]
checks = 0


def check(what, holds, found=""):
    global checks
    if not holds:
        sys.exit(f"WRONG  {what}: {found}")
    checks += 1
    print(f"ok     {what}")


def refused(what, kind, call, part):
    try:
        call()
    except kind as error:
        return check(what, part in str(error), error)
    except Exception as error:
        sys.exit(f"WRONG  {what}: found {error!r}, expected {kind.__name__}")
    sys.exit(f"WRONG  {what}: was answered")


class Server:
    def __init__(self, arguments):
        self.keys = tempfile.NamedTemporaryFile("w")
        self.keys.write(KEY + "\n")
        self.keys.flush()
        command = [arguments.admix, "serve", arguments.model, "--port", "0", "--threads", str(arguments.threads),
                   "--api-key-file", self.keys.name]
        command += ["--template", arguments.template] if arguments.template else []
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            found = re.search(r"is served at (http://\S+)/", line)
            if found:
                self.address = found[1]
                return
        sys.exit("admix serve did not begin: " + "".join(lines))

    def metric(self, name):
        request = urllib.request.Request(self.address + "/metrics", headers={"Authorization": "Bearer " + KEY})
        text = urllib.request.urlopen(request).read().decode()
        return float(re.search(rf"^{name}{{.*}} (.*)$", text, re.M)[1])

    def rests(self):
        """Whether no text runs any more, which may take a moment."""
        for _ in range(200):
            if self.metric("admix_requests_running") == 0:
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def check_answers(client, model):
    listed = client.models.list().data
    check("the models are listed", [m.id for m in listed] == [model], listed)
    check("the model is described", client.models.retrieve(model).owned_by == "admix")

    ask = lambda **more: client.chat.completions.create(
        model=model, messages=HELLO, **{"max_tokens": 24, "seed": 7, "temperature": 0.8, **more})
    whole = ask()
    text = whole.choices[0].message.content
    check("a chat is answered", text and whole.choices[0].message.role == "assistant", whole)
    check("its usage adds up", whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens)
    check("the length is the reason to end", whole.choices[0].finish_reason in ("length", "stop"))
    check("the same seed gives the same text", ask().choices[0].message.content == text)
    check("another seed gives another", ask(seed=8).choices[0].message.content != text)

    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    check("a stream says what the whole answer says", "".join(pieces) == text, pieces)
    check("a stream comes in pieces", len(pieces) > 5, pieces)
    check("a stream tells its usage", chunks[-1].usage.completion_tokens == whole.usage.completion_tokens, chunks[-1])
    check("a stream says why it ends", [c.choices[0].finish_reason for c in chunks if c.choices][-1] is not None)

    stop = text[8:12]
    cut = ask(stop=[stop])
    check("a stop text ends it", cut.choices[0].message.content == text[:text.index(stop)], cut)
    check("and is the reason", cut.choices[0].finish_reason == "stop", cut)
    check("choices differ", len({c.message.content for c in ask(n=3).choices}) == 3)
    greedy = ask(temperature=0).choices[0].message.content
    check("top_k 1 is temperature 0", ask(temperature=2, extra_body={"top_k": 1}).choices[0].message.content == greedy)
    answer = ask(logprobs=True, top_logprobs=3)
    probabilities = answer.choices[0].logprobs.content
    check("log-probabilities come", len(probabilities) == answer.usage.completion_tokens
          and len(probabilities[0].top_logprobs) == 3, answer)
    spelled = bytes(byte for token in probabilities for byte in token.bytes or [])
    check("and their bytes are the text's", spelled.decode(errors="replace").strip() ==
          answer.choices[0].message.content.strip(), answer)

    completion = client.completions.create(model=model, prompt="Once upon a", max_tokens=16, seed=1)
    check("a completion is answered", completion.choices[0].text and completion.usage.completion_tokens <= 16)
    streamed = client.completions.create(model=model, prompt="Once upon a", max_tokens=16, seed=1, stream=True)
    check("a completion is streamed", "".join(c.choices[0].text for c in streamed) == completion.choices[0].text)


def check_refusals(client, server, model):
    ask = lambda **more: client.chat.completions.create(**{"model": model, "messages": HELLO, **more})
    bad, missing = openai.BadRequestError, openai.NotFoundError
    refused("an unknown model", missing, lambda: ask(model="gpt-4"), "there is no model gpt-4 here")
    refused("a negative number of tokens", bad, lambda: ask(max_tokens=-1), "max_tokens: found -1")
    refused("a negative temperature", bad, lambda: ask(temperature=-1), "temperature: found -1.0")
    refused("a negative top_p", bad, lambda: ask(top_p=-0.5), "top_p: found -0.5")
    refused("a negative n", bad, lambda: ask(n=-2), "n: found -2")
    refused("a negative top_k", bad, lambda: ask(extra_body={"top_k": -1}), "top_k: found -1")
    refused("no messages", bad, lambda: ask(messages=[]), "messages: found a list, expected")
    refused("a message without a role", bad, lambda: ask(messages=[{"content": "x"}]), "messages[0].role")
    refused("tools", bad, lambda: ask(tools=[{"type": "function", "function": {"name": "f"}}]), "tools")
    refused("a prompt beyond the context", bad, lambda: ask(messages=[{"role": "user", "content": "word " * 20000}]),
            "the model's context holds")
    refused("a body of 10 MB", openai.APIStatusError,
            lambda: ask(messages=[{"role": "user", "content": "a" * 10_000_000}]), "larger than the 2097152 bytes")
    refused("a wrong key", openai.AuthenticationError,
            lambda: client.with_options(api_key="wrong").models.list(), "not known here")
    for body, part in [(b"{", "no JSON"), (b"", "no JSON"), (b"[1]", "expected a JSON object")]:
        refused(f"the body {body!r}", bad,
                lambda: client.post("/chat/completions", cast_to=object, content=body,
                                    options={"headers": {"Content-Type": "application/json"}}), part)
    check("the server is well after all that", server.rests())


def check_leaving(client, server, model):
    before = server.metric("admix_requests_cancelled_total")
    stream = client.completions.create(model=model, prompt="Once", max_tokens=400, n=16, stream=True)
    next(iter(stream))
    stream.close()
    check("who leaves a stream frees its places",
          server.rests() and server.metric("admix_requests_cancelled_total") > before)
    quick = client.with_options(timeout=0.1, max_retries=0)
    try:
        quick.completions.create(model=model, prompt="Once", max_tokens=400, n=16, logprobs=20)
        sys.exit("WRONG  a client out of patience was answered")
    except openai.APITimeoutError:
        pass
    check("and so does who loses patience", server.rests())


async def check_many(server, model, count=64):
    client = openai.AsyncOpenAI(base_url=server.address + "/v1", api_key=KEY, max_retries=0)

    async def one(index):
        ask = dict(model=model, messages=HELLO, max_tokens=24, seed=index % 4)
        if index % 2:
            return (await client.chat.completions.create(**ask)).choices[0].message.content
        text = ""
        async for chunk in await client.chat.completions.create(stream=True, **ask):
            text += chunk.choices[0].delta.content or ""
        return text

    alone = [await one(index) for index in range(4)]
    together = await asyncio.gather(*(one(index) for index in range(count)))
    check(f"{count} clients at once get what each would get alone",
          all(text == alone[index % 4] for index, text in enumerate(together)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a Hugging Face directory or a GGUF file")
    parser.add_argument("--template", help="the chat template of a base model")
    parser.add_argument("--admix", default=".build/release/admix")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    server = Server(arguments)
    try:
        model = os.path.basename(arguments.model.rstrip("/"))
        client = openai.OpenAI(base_url=server.address + "/v1", api_key=KEY, max_retries=0)
        check_answers(client, model)
        check_refusals(client, server, model)
        check_leaving(client, server, model)
        asyncio.run(check_many(server, model))
        check("the server ends when it is told to", server.stop() == 0)
    finally:
        server.process.kill()
    print(f"{checks} checks hold with openai {openai.__version__}")


if __name__ == "__main__":
    main()

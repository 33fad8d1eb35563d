#!/usr/bin/env python3
"""Times training steps of Admix and of PyTorch (eager, torch.compile) on one random model and one batch.

    swift build -c release
    python3 scripts/bench/train_vs_torch.py --torch-python VENV/bin/python [--shape smollm2] [--rows 1] [--length 1024]

The peers are processes that do one step for each line they are sent. They take turns, step by step, so that what else
the host does meets them alike; the first steps warm up; medians of the rest are compared. All begin from the same
weights, so their losses must agree, which is checked: a fast wrong answer is no answer. PyTorch gets its fused AdamW,
scaled-dot-product attention and flushed denormals. Prints JSON: a line a peer, then the ratios.

The Python that has torch, transformers and numpy comes from --torch-python or TORCH_PYTHON; the script itself needs
only the standard library.
"""

import argparse
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time

SHAPES = {
    "smollm2": dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                    num_attention_heads=9, num_key_value_heads=3, head_dim=64, tie_word_embeddings=True),
    "small": dict(vocab_size=8192, hidden_size=256, intermediate_size=704, num_hidden_layers=6,
                  num_attention_heads=8, num_key_value_heads=4, head_dim=32, tie_word_embeddings=True),
    "wide": dict(vocab_size=1024, hidden_size=4096, intermediate_size=14336, num_hidden_layers=2,
                 num_attention_heads=32, num_key_value_heads=8, head_dim=128, tie_word_embeddings=True),
}
LOSS_TOLERANCE = 1e-3  # relative; steps of AdamW let fp32 orders of addition drift apart


def model_of(shape, length):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    config = LlamaConfig(max_position_embeddings=max(8192, length), rms_norm_eps=1e-5, rope_theta=10000.0,
                         attn_implementation="sdpa", initializer_range=0.02, use_cache=False, **SHAPES[shape])
    return LlamaForCausalLM(config)


def flat_names(shape):
    """Names in Admix's flat order: embedding, layers by number, norm."""
    yield "model.embed_tokens.weight"
    for layer in range(SHAPES[shape]["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        for name in ("input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                     "post_attention_layernorm", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"):
            yield prefix + name + ".weight"
    yield "model.norm.weight"


def write_weights(arguments):
    """Runs where torch is: the model's random weights as fp32, in flat order."""
    parameters = dict(model_of(arguments.shape, arguments.length).named_parameters())
    with open(arguments.weights, "wb") as file:
        for name in flat_names(arguments.shape):
            file.write(parameters[name].detach().numpy().astype("<f4").tobytes())


def serve_torch(arguments):
    """A peer: one training step for each line of standard input."""
    import resource

    import torch

    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = model_of(arguments.shape, arguments.length)
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=0.1), dict(params=others, weight_decay=0.0)],
        lr=1e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
    vocabulary = SHAPES[arguments.shape]["vocab_size"]
    stream = torch.tensor([[(37 * i + 11 * row) % vocabulary for i in range(arguments.length + 1)]
                           for row in range(arguments.rows)])
    tokens, targets = stream[:, :-1], stream[:, 1:]

    def batch_loss():
        logits = model(input_ids=tokens).logits
        return torch.nn.functional.cross_entropy(logits.reshape(-1, vocabulary), targets.reshape(-1))

    if arguments.serve == "compile":
        # The loss too: its passes over the logits are what compiling gains most from.
        if arguments.forward:
            model.forward = torch.compile(model.forward)
        else:
            batch_loss = torch.compile(batch_loss)

    def forward():
        """All logits, as a prefill makes them; the loss, to compare, is not timed."""
        with torch.no_grad():
            begin, processor = time.monotonic(), time.process_time()
            logits = model(input_ids=tokens).logits
            seconds, processor = time.monotonic() - begin, time.process_time() - processor
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, vocabulary), targets.reshape(-1))
        return loss.item(), seconds, processor

    def step():
        optimizer.zero_grad(set_to_none=False)
        loss = batch_loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    print(json.dumps({"bench": "ready", "torch": torch.__version__}), flush=True)
    for _ in sys.stdin:
        begin, processor = time.monotonic(), time.process_time()
        if arguments.forward:
            loss, seconds, processor = forward()
        else:
            loss = step()
            seconds, processor = time.monotonic() - begin, time.process_time() - processor
        print(json.dumps({"bench": "train", "loss": loss, "seconds": seconds, "processor_seconds": processor,
                          "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


class Peer:
    def __init__(self, name, command):
        self.name, self.steps = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self, seconds):
        """The next line, or None when the peer is silent for that long or has ended."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        return json.loads(line) if line.startswith("{") else None

    def step(self, seconds):
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        answer = self.answer(seconds)
        if answer is not None:
            self.steps.append(answer)
        return answer is not None

    def end(self):
        self.process.kill()
        self.process.wait()


def compare(arguments):
    me = [arguments.torch_python, os.path.abspath(__file__), "--shape", arguments.shape, "--rows", str(arguments.rows),
          "--length", str(arguments.length), "--threads", str(arguments.threads)]
    if arguments.forward:
        me.append("--forward")
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.f32")
        subprocess.run(me + ["--write-weights", "--weights", weights], check=True)
        peers = [
            Peer("admix", [arguments.admix, "bench", "train", "--json", "--serve", "--weights", weights] + me[2:]),
        ] + [Peer(name, me + ["--serve", name]) for name in arguments.peers.split(",")]
        try:
            for peer in list(peers):
                # The first step compiles. A peer that cannot is left out, and said so.
                if peer.answer(300) is None or not peer.step(arguments.compile_seconds):
                    print(json.dumps({"left_out": peer.name, "why": "no first step in time"}), flush=True)
                    peer.end()
                    peers.remove(peer)
            for _ in range(arguments.warm_up + arguments.steps - 1):
                for peer in list(peers):
                    if not peer.step(600):
                        sys.exit(f"{peer.name} ended during a step")
        finally:
            for peer in peers:
                peer.end()
    report(arguments, {peer.name: peer.steps for peer in peers})


def report(arguments, steps):
    if "admix" not in steps:
        sys.exit("admix bench did no step")
    tokens = arguments.rows * arguments.length
    load = os.getloadavg()[0]
    median = {}
    for name, all_steps in steps.items():
        timed = all_steps[arguments.warm_up:]
        median[name] = statistics.median(s["seconds"] for s in timed)
        print(json.dumps({
            "peer": name, "median_seconds": median[name], "tokens_per_second": tokens / median[name],
            "fastest_seconds": min(s["seconds"] for s in timed), "slowest_seconds": max(s["seconds"] for s in timed),
            "processor_seconds": statistics.median(s["processor_seconds"] for s in timed),
            "peak_bytes": timed[-1]["peak_bytes"], "losses": [s["loss"] for s in all_steps]}))
    for name, all_steps in steps.items():
        for ours, theirs in zip(steps["admix"], all_steps):
            if abs(ours["loss"] - theirs["loss"]) > LOSS_TOLERANCE * abs(theirs["loss"]):
                sys.exit(f"losses differ: admix {ours['loss']}, {name} {theirs['loss']}")
    print(json.dumps({
        "forward": arguments.forward, "shape": arguments.shape, "rows": arguments.rows, "length": arguments.length,
        "threads": arguments.threads,
        "steps": arguments.steps, "load": load, "speed_over": {n: median[n] / median["admix"] for n in median},
        "memory_of": {n: steps["admix"][-1]["peak_bytes"] / steps[n][-1]["peak_bytes"] for n in steps}}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch-python", default=os.environ.get("TORCH_PYTHON"))
    parser.add_argument("--admix", default=".build/release/admix")
    parser.add_argument("--shape", choices=SHAPES, default="smollm2")
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--compile-seconds", type=float, default=120)
    parser.add_argument("--peers", default="eager,compile", help="which of eager and compile, where memory is short")
    parser.add_argument("--forward", action="store_true", help="forward passes alone: losses, against all logits")
    parser.add_argument("--serve", choices=("eager", "compile"), help=argparse.SUPPRESS)
    parser.add_argument("--write-weights", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--weights", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write_weights:
        write_weights(arguments)
    elif arguments.serve:
        serve_torch(arguments)
    elif not arguments.torch_python:
        parser.error("name the Python that has torch: --torch-python VENV/bin/python, or TORCH_PYTHON")
    elif arguments.warm_up < 1 or arguments.steps < 1:
        parser.error("--warm-up and --steps begin with 1")
    else:
        compare(arguments)


if __name__ == "__main__":
    main()

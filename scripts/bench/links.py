#!/usr/bin/env python3
"""Two workers on two hosts with a slow link between them: step time and bytes of Admix's codecs, and of PyTorch's DDP.

    swift build -c release
    scripts/bench/links.py --tokenizer DIR --corpus FILE.jsonl.gz --torch-python VENV/bin/python

The hosts are network namespaces of the script's own with a veth pair between them, held to a rate by tbf on both ends
(needs root, or a kernel that lets users make namespaces; iproute2). Each worker has one processor. A step's time is
what lies between two commits, as in workers_vs_threads.py; bytes are the link's own counters, both ways. Prints JSON, a
line a run.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import workers_vs_threads
from workers_vs_threads import WARM_UP

ADDRESSES = {"one": "10.78.0.1", "two": "10.78.0.2"}
COORDINATOR = "10.78.0.1:7460"


def shell(*words, **more):
    return subprocess.run(words, check=True, **more)


def inside(host, *words, processor=None):
    pinned = ["taskset", "-c", str(processor)] if processor is not None else []
    return ["ip", "netns", "exec", host, *pinned, *words]


def make_hosts():
    shell("mount", "-t", "tmpfs", "tmpfs", "/run")
    os.makedirs("/run/netns")
    shell("ip", "link", "set", "lo", "up")
    for host in ADDRESSES:
        shell("ip", "netns", "add", host)
    shell("ip", "link", "add", "veth-one", "type", "veth", "peer", "name", "veth-two")
    for host, address in ADDRESSES.items():
        shell("ip", "link", "set", f"veth-{host}", "netns", host)
        shell("ip", "-n", host, "addr", "add", f"{address}/24", "dev", f"veth-{host}")
        shell("ip", "-n", host, "link", "set", "lo", "up")
        # Without offloads a packet is what a wire carries, and tbf holds it to the rate.
        shell(*inside(host, "ethtool", "-K", f"veth-{host}", "tso", "off", "gso", "off", "gro", "off"),
              stdout=subprocess.DEVNULL) if shutil.which("ethtool") else None
        shell("ip", "-n", host, "link", "set", f"veth-{host}", "up")


def set_rate(rate):
    for host in ADDRESSES:
        subprocess.run(["ip", "netns", "exec", host, "tc", "qdisc", "del", "dev", f"veth-{host}", "root"],
                       stderr=subprocess.DEVNULL)
        # A burst of some milliseconds at 1 Gbit/s, and a queue of 20 ms.
        shell(*inside(host, "tc", "qdisc", "add", "dev", f"veth-{host}", "root", "tbf", "rate", rate, "burst", "256kb",
                      "latency", "20ms"))


def link_bytes():
    """Sent by both ends so far."""
    total = 0
    for host in ADDRESSES:
        name = f"/sys/class/net/veth-{host}/statistics/tx_bytes"
        total += int(subprocess.run(inside(host, "cat", name), check=True, stdout=subprocess.PIPE).stdout)
    return total


def run_admix(arguments, exchange):
    with tempfile.TemporaryDirectory() as folder:
        def process(host, name, *words, processor=None):
            log = open(os.path.join(folder, f"{name}.err"), "w")
            return subprocess.Popen(inside(host, arguments.admix, *words, processor=processor), stderr=log,
                                    stdout=subprocess.DEVNULL,
                                    env=dict(os.environ, ADMIX_COORDINATOR=COORDINATOR))

        def ask(*words, check=True):
            return subprocess.run(inside("one", arguments.admix, *words), check=check, stdout=subprocess.PIPE,
                                  text=True, env=dict(os.environ, ADMIX_COORDINATOR=COORDINATOR)).stdout

        def wait_until(seconds, test):
            end = time.monotonic() + seconds
            while not test():
                if time.monotonic() > end:
                    logs = "".join(open(os.path.join(folder, name)).read() for name in os.listdir(folder)
                                   if name.endswith(".err"))
                    sys.exit(f"waited {seconds} s in vain:\n{logs}")
                time.sleep(0.2)

        processes = [process("one", "coordinator", "coordinator", "--listen", COORDINATOR, "--insecure-network",
                             "--state", os.path.join(folder, "state"))]
        try:
            wait_until(10, lambda: subprocess.run(
                inside("one", arguments.admix, "status"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=dict(os.environ, ADMIX_COORDINATOR=COORDINATOR)).returncode == 0)
            for processor, host in enumerate(ADDRESSES):
                processes.append(process(
                    host, host, "worker", "--name", host, "--cache", os.path.join(folder, host), "--threads", "1",
                    "--insecure-network", processor=processor))
            wait_until(10, lambda: ask("status", "--json").count('"isa"') == 2)
            path = workers_vs_threads.write_job(folder, arguments, exchange)
            job = str(json.loads(ask("submit", path, "--json"))["id"])

            def steps():
                return json.loads(ask("show", job, "--json"))

            wait_until(300, lambda: (steps().get("steps") or 0) >= WARM_UP)
            before, begin = link_bytes(), time.monotonic()
            first = steps()["steps"]
            wait_until(arguments.limit, lambda: steps()["steps"] >= arguments.steps + WARM_UP)
            seconds = (time.monotonic() - begin) / (arguments.steps + WARM_UP - first)
            sent = (link_bytes() - before) / (arguments.steps + WARM_UP - first)
            wire = steps()["wire"]
            return dict(step_seconds=seconds, link_bytes_per_step=sent,
                        wait_share=wire["wait_seconds"] / wire["step_seconds"], ratio=wire["ratio"])
        finally:
            for one in processes:
                one.kill()
            for one in processes:
                one.wait()


def run_ddp(arguments):
    processes = []
    for rank, host in enumerate(ADDRESSES):
        environment = dict(os.environ, RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR=ADDRESSES["one"],
                           MASTER_PORT="29518", GLOO_SOCKET_IFNAME=f"veth-{host}")
        processes.append(subprocess.Popen(
            inside(host, arguments.torch_python, workers_vs_threads.PEER, "--rows", str(arguments.rows), "--length",
                   str(arguments.length), "--steps", str(arguments.torch_steps + WARM_UP), "--threads", "1", "--layers",
                   str(arguments.layers), processor=rank),
            env=environment, stdout=subprocess.PIPE, text=True))
    seconds, before = [], 0
    for line in processes[0].stdout:
        if line.startswith("{"):
            answer = json.loads(line)
            if answer["step"] == WARM_UP:
                before = link_bytes()
            elif answer["step"] > WARM_UP:
                seconds.append(answer["seconds"])
    if any(process.wait() for process in processes):
        sys.exit("PyTorch ended with an error")
    return dict(step_seconds=statistics.median(seconds), link_bytes_per_step=(link_bytes() - before) / len(seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--admix", default=".build/release/admix")
    parser.add_argument("--tokenizer", required=True, help="a directory with tokenizer.model")
    parser.add_argument("--corpus", required=True, help="a .jsonl.gz with `text`")
    parser.add_argument("--torch-python", default=os.environ.get("TORCH_PYTHON"), help="without it Admix only")
    parser.add_argument("--rates", nargs="+", default=["1gbit", "100mbit"])
    parser.add_argument("--codecs", nargs="+", default=["bf16", "fp32"])
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--exchange", default="bf16", help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, default=2, help="timed steps of a run of Admix")
    parser.add_argument("--torch-steps", type=int, default=1, help="timed steps of a run of PyTorch")
    parser.add_argument("--limit", type=float, default=600, help="seconds for the timed steps at most")
    arguments = parser.parse_args()
    if os.environ.get("ADMIX_INSIDE_NAMESPACE") != "yes":
        arguments_again = [sys.executable, os.path.abspath(__file__), *sys.argv[1:]]
        os.execvpe("unshare", ["unshare", "-rnm", "--kill-child", *arguments_again],
                   dict(os.environ, ADMIX_INSIDE_NAMESPACE="yes"))
    arguments.admix = os.path.abspath(arguments.admix)
    make_hosts()
    for rate in arguments.rates:
        set_rate(rate)
        for codec in arguments.codecs:
            print(json.dumps(dict(rate=rate, run=f"admix {codec}", load=os.getloadavg()[0],
                                  **run_admix(arguments, codec))), flush=True)
        if arguments.torch_python:
            print(json.dumps(dict(rate=rate, run="ddp gloo fp32", load=os.getloadavg()[0],
                                  **run_ddp(arguments))), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""PyTorch's side of workers_vs_threads.py and links.py: training steps of a Llama by distributed data parallelism.

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 python ddp_peer.py --rows 8 --length 512 --steps 2

One process a rank, over gloo. A step's rows are dealt to the ranks in equal parts and taken one by one; gradients are
accumulated and reduced with the last one, while its backward pass runs, as DDP does. With WORLD_SIZE=1 the same steps
without DDP. Random weights and tokens: only time is compared. Rank 0 prints a line of JSON a step.
"""

import argparse
import contextlib
import json
import os
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", type=int, default=30)
    arguments = parser.parse_args()
    rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if arguments.rows % ranks:
        parser.error("--rows must be a multiple of the ranks")

    import torch
    import torch.distributed
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    bare = LlamaForCausalLM(LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=arguments.layers,
        num_attention_heads=9, num_key_value_heads=3, head_dim=64, tie_word_embeddings=True,
        max_position_embeddings=8192, attn_implementation="sdpa", use_cache=False))
    model = bare
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
        model = torch.nn.parallel.DistributedDataParallel(bare, gradient_as_bucket_view=True)
    matrices = [p for p in bare.parameters() if p.dim() >= 2]
    others = [p for p in bare.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=0.1), dict(params=others, weight_decay=0.0)],
        lr=1e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
    generator = torch.Generator().manual_seed(2)
    rows = torch.randint(0, 49152, (arguments.rows, arguments.length + 1), generator=generator)
    mine = rows[rank::ranks]

    for step in range(1, arguments.steps + 1):
        begin = time.monotonic()
        optimizer.zero_grad(set_to_none=False)
        total = 0.0
        for index, row in enumerate(mine):
            is_last = index == len(mine) - 1
            with contextlib.nullcontext() if is_last or ranks == 1 else model.no_sync():
                logits = model(input_ids=row[None, :-1]).logits
                loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), row[1:]) / len(mine)
                loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(bare.parameters(), 1.0)
        optimizer.step()
        if rank == 0:
            print(json.dumps({"step": step, "seconds": time.monotonic() - begin, "loss": total}), flush=True)
    if ranks > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()

"""Checks GGUF files that `admix export` wrote against the Hugging Face directory that they were made of.

    python check-gguf-export.py MODEL_DIRECTORY FILE.gguf…          # needs gguf, torch, transformers
    python check-gguf-export.py --llama MODEL_DIRECTORY FILE.gguf…  # needs llama-cpp-python as well
    python check-gguf-export.py --llama-fp32 MODEL_DIRECTORY FILE.gguf…
    python check-gguf-export.py --admix PROGRAM MODEL_DIRECTORY FILE.gguf…

The package `gguf` reads every tensor, which must be the directory's, put in llama.cpp's order and rounded as the file
says. With --llama, llama.cpp and transformers must continue the same prompts with the same greedy tokens; quantized files
are only asked how many they share: their weights are rounded, and llama.cpp rounds activations to int8 beside them. For
every prompt it tells how far the logits behind it lie apart, as KL divergence in nats and as the largest difference.
With --llama-fp32, llama.cpp must continue the prompts as transformers does with the file's own weights, as `gguf`
dequantizes them, whatever their type. That needs a llama.cpp that computes in fp32, which it does with BLAS for 32 tokens
and more at a time. So it is given prompt and answer at once: when its likeliest token behind each token is the answer's
next one, the answer is its own greedy text. Built so:

    CMAKE_ARGS="-DGGML_BLAS=ON -DGGML_BLAS_VENDOR=OpenBLAS -DGGML_CPU_REPACK=OFF" pip install llama-cpp-python

With --admix, `admix serve` on the file must give the greedy texts of transformers on the file's own weights.
"""

import argparse
import json
import pathlib
import re
import subprocess
import urllib.request

import numpy as np


def tensors(directory):
    from safetensors.numpy import load_file

    files = sorted(pathlib.Path(directory).glob("*.safetensors"))
    return {name: value for file in files if "training" not in file.name for name, value in load_file(file).items()}


def hugging_face_name(name):
    outer = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
             "output.weight": "lm_head.weight"}
    if name in outer:
        return outer[name]
    inner = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
             "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{inner[part]}.{kind}"


def entries(reader):
    """Each tensor with the directory's name for it, and with how many heads its rows lie in where llama.cpp has them in
    another order than the directory; None where it has not."""
    field = lambda key: reader.fields[key].contents()
    heads = {}
    if field("general.architecture") == "llama":
        heads = {"attn_q": field("llama.attention.head_count"), "attn_k": field("llama.attention.head_count_kv")}
    for tensor in reader.tensors:
        if tensor.name != "rope_freqs.weight":
            part = tensor.name.split(".")[2] if tensor.name.startswith("blk.") else ""
            yield tensor, hugging_face_name(tensor.name), heads.get(part)


def check_tensors(directory, path):
    import gguf

    reader = gguf.GGUFReader(path)
    field = lambda key: reader.fields[key].contents()
    expected = tensors(directory)
    count = 0
    for tensor, name, heads in entries(reader):
        value = expected[name].astype(np.float32)
        if heads:
            value = value.reshape(heads, 2, -1, *value.shape[1:]).swapaxes(1, 2).reshape(value.shape)
        stored = gguf.quants.quantize(value, tensor.tensor_type) if tensor.tensor_type.name != "F32" else value
        found = np.ascontiguousarray(tensor.data).reshape(-1).view(np.uint8)
        wanted = np.ascontiguousarray(stored).reshape(-1).view(np.uint8)
        assert np.array_equal(found, wanted), f"{path}: {tensor.name} differs"
        count += 1
    wanted = {name for name in expected if name != "lm_head.weight" or "output.weight" in {t.name for t in reader.tensors}}
    assert count == len(wanted), (count, len(wanted))
    facts = {key: field(key) for key in reader.fields if key.startswith("admix.") or key == "general.name"}
    print(f"{path}: {count} tensors equal; {facts}")


PROMPTS = ["Once upon a time", "The capital of France is", "从前有一个", "def add(a, b):"]


def check_text(directory, path):
    import llama_cpp
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    llama = llama_cpp.Llama(path, n_ctx=256, n_threads=2, logits_all=True, verbose=False)
    shared = total = 0
    for prompt in PROMPTS:
        ids = llama.tokenize(prompt.encode(), add_bos=True, special=True)
        reference = model.generate(torch.tensor([ids]), max_new_tokens=32, do_sample=False)[0].tolist()[len(ids):]
        found = []
        for token in llama.generate(ids, temp=0.0, top_k=1):
            found.append(token)
            if len(found) == len(reference):
                break
        same = next((i for i, (a, b) in enumerate(zip(found, reference)) if a != b), len(reference))
        shared, total = shared + same, total + len(reference)
        with torch.no_grad():
            wanted = model(torch.tensor([ids])).logits[0, -1].double()
        llama.reset()
        llama.eval(ids)
        logits = torch.tensor(np.array(llama.scores[len(ids) - 1])).double()
        log_p, log_q = wanted.log_softmax(-1), logits.log_softmax(-1)
        divergence = float((log_p.exp() * (log_p - log_q)).sum())
        print(f"  {prompt!r}: {same} of {len(reference)} tokens, KL {divergence:.2e}, "
              f"logits within {float((wanted - logits).abs().max()):.3f}: "
              f"{llama.detokenize(found, special=True).decode(errors='replace')!r}")
    print(f"{path}: llama.cpp's greedy tokens: {shared} of {total} as transformers'")
    return shared == total


def weights(path):
    """The file's tensors in fp32, in the directory's names and order."""
    import gguf

    for tensor, name, heads in entries(gguf.GGUFReader(path)):
        value = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape([int(n) for n in tensor.shape[::-1]])
        if heads:
            value = value.reshape(heads, -1, 2, *value.shape[1:]).swapaxes(1, 2).reshape(value.shape)
        yield name, value


def model_of(directory, path):
    """transformers' model with the file's own weights."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in weights(path):
            parameters[name].copy_(torch.from_numpy(np.array(value, dtype=np.float32)))
    return model


def check_text_in_fp32(directory, path):
    import llama_cpp
    import torch

    libraries = pathlib.Path(llama_cpp.__file__).parent / "lib"
    assert list(libraries.glob("*ggml-blas*")), "this llama.cpp was built without BLAS"
    model = model_of(directory, path)
    fp32 = llama_cpp.GGML_TYPE_F32
    llama = llama_cpp.Llama(path, n_ctx=256, n_threads=2, logits_all=True, type_k=fp32, type_v=fp32, verbose=False)
    shared = total = 0
    worst = 0.0
    for prompt in PROMPTS:
        ids = llama.tokenize(prompt.encode(), add_bos=True, special=True)
        reference = model.generate(torch.tensor([ids]), max_new_tokens=32, do_sample=False)[0].tolist()[len(ids):]
        text = ids + reference
        assert len(text) >= 32, f"{prompt!r}: BLAS does not compute {len(text)} tokens"
        llama.reset()
        llama.eval(text)
        answers = slice(len(ids) - 1, len(text) - 1)
        logits = np.array(llama.scores[answers])
        found = logits.argmax(-1).tolist()
        with torch.no_grad():
            wanted = model(torch.tensor([text])).logits[0, answers].numpy()
        same = next((i for i, (a, b) in enumerate(zip(found, reference)) if a != b), len(reference))
        shared, total = shared + same, total + len(reference)
        worst = max(worst, float(np.abs(logits - wanted).max()))
        print(f"  {prompt!r}: {same} of {len(reference)} tokens: "
              f"{llama.detokenize(found[:same], special=True).decode(errors='replace')!r}")
    print(f"{path}: llama.cpp's greedy tokens in fp32: {shared} of {total} as transformers' with the file's weights, "
          f"logits within {worst:.1e}")


def check_admix(program, directory, path):
    import torch
    from transformers import AutoTokenizer

    model = model_of(directory, path)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    server = subprocess.Popen([program, "serve", path, "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        address = next(found.group(1) for line in server.stderr if (found := re.search(r"served at (http://\S+)/", line)))
        same = 0
        for prompt in PROMPTS:
            ids = tokenizer(prompt)["input_ids"]
            reference = model.generate(torch.tensor([ids]), max_new_tokens=32, do_sample=False)[0].tolist()[len(ids):]
            wanted = tokenizer.decode(reference, skip_special_tokens=True)
            request = {"model": pathlib.Path(path).name, "prompt": prompt, "max_tokens": len(reference), "temperature": 0}
            answer = urllib.request.urlopen(urllib.request.Request(
                address + "/v1/completions", json.dumps(request).encode(), {"Content-Type": "application/json"}))
            found = json.load(answer)["choices"][0]["text"]
            same += found == wanted
            print(f"  {prompt!r}: {'the same' if found == wanted else 'other'}: {found!r}"
                  + ("" if found == wanted else f", not {wanted!r}"))
    finally:
        server.terminate()
        server.wait()
    print(f"{path}: {same} of {len(PROMPTS)} texts of up to 32 tokens as transformers' with the file's weights")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--llama", action="store_true")
    parser.add_argument("--llama-fp32", action="store_true")
    parser.add_argument("--admix")
    parser.add_argument("directory")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    for file in arguments.files:
        if arguments.admix:
            check_admix(arguments.admix, arguments.directory, file)
        elif arguments.llama_fp32:
            check_text_in_fp32(arguments.directory, file)
        elif arguments.llama:
            check_text(arguments.directory, file)
        else:
            check_tensors(arguments.directory, file)

"""Makes tests/goldens/gguf: one GGUF file whose tensors have every type that Tabtune reads, the values that gguf-py
dequantises them to, and two tiny models with tokenizers (llama, with its rotary row order, and qwen2).

    python tools/reference/gguf_goldens.py          needs: pip install gguf==0.19.0 numpy

Blocks of the K formats, which gguf-py cannot quantise, are random bytes with finite scales: any bytes are a valid block.
"""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize, quantize

OUT = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "gguf"
# Byte offsets of the F16 scales in a block.
SCALES = {T.Q4_K: (0, 2), T.Q5_K: (0, 2), T.Q6_K: (208,)}
TYPES = [T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q4_K, T.Q5_K, T.Q6_K]


def random_blocks(rng, qtype, rows, columns):
    values, size = gguf.GGML_QUANT_SIZES[qtype]
    blocks = rng.integers(0, 256, (rows * columns // values, size), dtype=np.uint8)
    for offset in SCALES[qtype]:
        scale = rng.normal(0, 0.01, len(blocks)).astype(np.float16)
        blocks[:, offset : offset + 2] = scale.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def quantised(rng, qtype, rows, columns):
    if qtype in SCALES:
        return random_blocks(rng, qtype, rows, columns)
    return quantize(rng.normal(0, 0.05, (rows, columns)).astype(np.float32), qtype)


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def all_types():
    rng = np.random.default_rng(20261123)
    writer = gguf.GGUFWriter(OUT / "types.gguf", "llama")
    expected = b""
    for qtype in TYPES:
        data = quantised(rng, qtype, 3, 512)
        if qtype == T.F32:
            # Every kind of f32 and, below, of f16: zeros, subnormals, the largest, infinities.
            data[0, :6] = [0.0, -0.0, 1e-45, 3.4028235e38, np.inf, -np.inf]
        if qtype == T.F16:
            data.view(np.uint16)[0, :8] = [0, 0x8000, 1, 0x83FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00]
        writer.add_tensor(qtype.name, data, raw_dtype=qtype)
        expected += dequantize(data, qtype).astype("<f4").tobytes()
    write(writer)
    (OUT / "types.f32").write_bytes(expected)


def permute(weights, heads):
    """The row order in which llama.cpp's converter writes q and k of the llama architecture."""
    half = weights.shape[0] // heads // 2
    return weights.reshape(heads, 2, half, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def llama3_factors(head_dim, theta, factor=32.0, low=1.0, high=4.0, length=8192):
    frequency = 1.0 / theta ** (np.arange(0, head_dim, 2) / head_dim)
    turns = length * frequency / (2 * np.pi)
    smooth = (turns - low) / (high - low)
    blend = 1 / ((1 - smooth) / factor + smooth)
    return np.where(turns >= high, 1.0, np.where(turns <= low, factor, blend)).astype(np.float32)


def tiny_model(name, arch, rope_freqs, pre, tied):
    """hidden 64, 4 heads of 16, 2 KV heads, MLP 96, 2 layers, 40 tokens. Expected: tensors in Hugging Face's order."""
    rng = np.random.default_rng(7)
    writer = gguf.GGUFWriter(OUT / f"{name}.gguf", arch)
    writer.add_name(f"Tiny {name}")
    writer.add_license("apache-2.0")
    writer.add_block_count(2)
    writer.add_context_length(131072 if rope_freqs else 256)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(96)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    # Digits, letters, one merge, two control tokens.
    tokens = ["<s>", "</s>", *"abcdefghijklmnopqrstuvwxyz", *"0123456789", "Ġ", "ab"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3] + [1] * (len(tokens) - 2))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")
    expected = b""

    def add(ggml_name, shape, heads=0, qtype=T.F32):
        nonlocal expected
        values = rng.normal(0, 0.05, shape).astype(np.float32)
        stored = quantize(values, qtype)
        values = dequantize(stored, qtype).astype("<f4")
        expected += values.tobytes()
        if heads and arch == "llama":
            stored = permute(stored, heads)
        writer.add_tensor(ggml_name, stored, raw_dtype=qtype)

    add("token_embd.weight", (len(tokens), 64), qtype=T.Q8_0)
    for layer in range(2):
        blk = f"blk.{layer}."
        add(blk + "attn_norm.weight", (64,))
        add(blk + "attn_q.weight", (64, 64), 4, T.Q4_0)
        add(blk + "attn_k.weight", (32, 64), 2, T.Q8_0)
        add(blk + "attn_v.weight", (32, 64))
        if arch == "qwen2":
            add(blk + "attn_q.bias", (64,))
            add(blk + "attn_k.bias", (32,))
            add(blk + "attn_v.bias", (32,))
        add(blk + "attn_output.weight", (64, 64))
        add(blk + "ffn_norm.weight", (64,))
        add(blk + "ffn_gate.weight", (96, 64))
        add(blk + "ffn_up.weight", (96, 64))
        add(blk + "ffn_down.weight", (64, 96))
    add("output_norm.weight", (64,))
    if not tied:
        add("output.weight", (len(tokens), 64))
    if rope_freqs:
        writer.add_tensor("rope_freqs.weight", llama3_factors(16, 500000.0))
    write(writer)
    (OUT / f"{name}.f32").write_bytes(expected)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    all_types()
    tiny_model("llama", "llama", rope_freqs=True, pre="llama-bpe", tied=True)
    tiny_model("qwen2", "qwen2", rope_freqs=False, pre="qwen2", tied=False)
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)

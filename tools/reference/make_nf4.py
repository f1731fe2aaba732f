"""Goldens of NF4: bitsandbytes' own bytes for random, awkward and real weights -> tests/goldens/nf4/*.safetensors.

    python tools/reference/make_nf4.py [--gguf smollm2-135m-instruct.gguf]

Every case is also quantised by the rule in tests/goldens/nf4/README.md, in numpy, and must agree byte for byte: the
README is what the engine implements, so it is checked here and not only written down.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from common import BLOCK, GOLDENS, NESTED_BLOCK, bnb, quantize_nf4, save_tensors

NF4_MAP = bnb.get_4bit_type("nf4", device="cpu")


def by_the_rule(x: np.ndarray, map8: np.ndarray, reciprocal: bool) -> tuple[np.ndarray, ...]:
    """The README's rule in numpy f32. `reciprocal`: x * (1 / absmax) (CUDA, whole blocks) or x / absmax (tails)."""
    f32 = np.float32
    nf4 = NF4_MAP.numpy()

    def scaled(values: np.ndarray, absmax: np.ndarray, block: int) -> np.ndarray:
        per_value = np.repeat(np.maximum(absmax, f32(1e-38)), block)[: len(values)]
        ratio = values * (f32(1) / per_value) if reciprocal else values / per_value
        return np.clip(ratio, f32(-1), f32(1))

    def block_max(values: np.ndarray, block: int) -> np.ndarray:
        padded = np.pad(np.abs(values), (0, -len(values) % block))
        return padded.reshape(-1, block).max(axis=1)

    def search(values: np.ndarray, code: np.ndarray) -> np.ndarray:
        midpoints = (code[:-1] + code[1:]) / f32(2)
        return np.searchsorted(midpoints, values, side="left").astype(np.uint8)  # strict >: a tie takes the lower code

    x = x.reshape(-1).astype(f32)
    absmax = block_max(x, BLOCK)
    q = search(scaled(x, absmax, BLOCK), nf4)
    q = np.pad(q, (0, len(q) % 2), constant_values=7)  # the padding nibble is the code of 0
    offset = f32(absmax.astype(np.float64).mean())
    centred = absmax - offset
    nested_absmax = block_max(centred, NESTED_BLOCK)
    return (q[::2] << 4) | q[1::2], absmax, search(scaled(centred, nested_absmax, NESTED_BLOCK), map8), nested_absmax, offset


def write(name: str, x: torch.Tensor) -> None:
    made = quantize_nf4(x)
    for reciprocal in (True, False):
        rule = by_the_rule(x.numpy(), made.nested_map.numpy(), reciprocal)
        golden = (made.codes, made.absmax, made.absmax_codes, made.nested_absmax, made.nested_offset[0])
        for what, mine, theirs in zip(("codes", "absmax", "absmax_codes", "nested_absmax", "nested_offset"), rule, golden):
            if not np.array_equal(mine, theirs.numpy()):
                raise SystemExit(f"{name}: {what} differs from the rule (reciprocal={reciprocal}); choose another seed")
    changed = int((made.absmax_codes != made.absmax_codes_x86).sum())
    print(f"{name}: {x.numel()} values, {made.absmax.numel()} blocks, {changed} codes differ in the x86 library")
    save_tensors(
        GOLDENS / "nf4" / f"{name}.safetensors",
        {
            "input": x,
            "codes": made.codes,
            "absmax": made.absmax,
            "dequantized": made.dequantized,
            "double.absmax_codes": made.absmax_codes,
            "double.nested_absmax": made.nested_absmax,
            "double.nested_offset": made.nested_offset,
            "double.nested_map": made.nested_map,
            "double.dequantized": made.dequantized_nested,
            "map": NF4_MAP,
        },
    )


def random_normals(seed: int, blocks: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    spread = torch.rand(blocks, 1, generator=generator) * 0.06 + 0.01  # absmax must differ from block to block
    return torch.randn(blocks, BLOCK, generator=generator) * spread


def edges() -> torch.Tensor:
    """One row of 64 per awkward thing. Scales are powers of two, so that every rounding order agrees."""
    f32 = torch.float32
    midpoints = (NF4_MAP[:-1] + NF4_MAP[1:]) / 2
    rows = [torch.zeros(BLOCK)]
    rows.append(torch.full((BLOCK,), -0.0))
    for scale in (1.0, 0.03125):
        on = torch.zeros(BLOCK)
        on[:15], on[15:30], on[30:45] = midpoints, midpoints.nextafter(torch.tensor(2.0)), midpoints.nextafter(torch.tensor(-2.0))
        on[45:61], on[61] = NF4_MAP, 1.0
        rows.append(on * scale)
    tie = torch.linspace(-0.4, 0.4, BLOCK)
    tie[3], tie[40] = 0.5, -0.5
    rows.append(tie)
    tie = tie.clone()
    tie[3], tie[40] = -0.5, 0.5
    rows.append(tie)
    rows.append(torch.full((BLOCK,), -2.0))  # absmax reached by negatives only
    rows.append(torch.cat([torch.tensor([2.0**-126]), torch.arange(1, BLOCK) * 2.0**-132]))  # absmax: smallest normal
    rows.append(torch.arange(BLOCK) * 2.0**-149)  # nothing but denormals: below the 1e-38 clamp, so all codes are 0's
    rows.append(torch.cat([torch.tensor([1.0]), torch.arange(1, BLOCK) * 2.0**-149]))  # denormals under a normal absmax
    rows.append(torch.cat([torch.tensor([65504.0]), torch.full((BLOCK - 1,), 6.103515625e-05)]))  # f16's two ends
    return torch.stack(rows).to(f32)


def real_rows(gguf_path: str) -> torch.Tensor:
    from gguf import GGUFReader, dequantize

    tensor = next(t for t in GGUFReader(gguf_path).tensors if t.name == "blk.7.attn_q.weight")
    rows = dequantize(tensor.data, tensor.tensor_type)[100:130]
    return torch.from_numpy(np.ascontiguousarray(rows)).to(torch.float16).float()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gguf", help="SmolLM2-135M-Instruct; without it real.safetensors is left as it is")
    options = arguments.parse_args()
    write("random", random_normals(seed=4, blocks=256 + 5))
    write("tail", random_normals(seed=2, blocks=6).flatten()[: 5 * BLOCK + 37])
    write("edges", edges())
    if options.gguf:
        write("real", real_rows(options.gguf))


if __name__ == "__main__":
    main()

"""Makes tests/goldens/bnb: weights as bitsandbytes saves them in 4 bits (NF4 with and without double quantisation, FP4),
and the f32 values that they stand for.

    python tools/reference/bnb_goldens.py     needs: pip install bitsandbytes==0.50.2 torch safetensors
"""

from pathlib import Path

import bitsandbytes.functional as F
import torch
from safetensors.torch import save_file

OUT = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "bnb"
CASES = [("double", "nf4", True), ("single", "nf4", False), ("fp4", "fp4", False)]


def dequantised(codes, state):
    """In f32 throughout: bitsandbytes' own kernel would round to the state's dtype at the end."""
    absmax = state.absmax
    if state.nested:
        scale = state.state2.absmax.repeat_interleave(state.state2.blocksize)[: absmax.numel()]
        absmax = state.state2.code[absmax.long()] * scale + state.offset
    flat = codes.flatten()
    values = state.code[torch.stack([flat >> 4, flat & 15], 1).flatten().long()]
    return values * absmax.repeat_interleave(state.blocksize)[: values.numel()]


if __name__ == "__main__":
    torch.manual_seed(11)
    OUT.mkdir(parents=True, exist_ok=True)
    tensors, expected = {}, b""
    for name, quant_type, nested in CASES:
        # 65 x 320 values: 325 blocks of 64, so more than one block of 256 scales.
        weight = (torch.randn(65, 320) * 0.05).to(torch.bfloat16)
        codes, state = F.quantize_4bit(weight, blocksize=64, quant_type=quant_type, compress_statistics=nested)
        values = dequantised(codes, state)
        rounded = F.dequantize_4bit(codes, state)
        assert torch.equal(values.reshape(65, 320).to(rounded.dtype), rounded)
        tensors[f"{name}.weight"] = codes
        for key, value in state.as_dict(packed=True).items():
            tensors[f"{name}.weight.{key}"] = value.contiguous()
        expected += values.numpy().astype("<f4").tobytes()
    save_file(tensors, OUT / "weights.safetensors")
    (OUT / "weights.f32").write_bytes(expected)
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)

"""What every golden maker here shares: one thread, bitsandbytes' NF4 as a readable record, safetensors and JSON out."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here may reach out: every input is a file

import bitsandbytes.functional as bnb  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch._C import DispatchKey  # noqa: E402

torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "tests" / "goldens"
BLOCK = 64
NESTED_BLOCK = 256
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

_quantize_8bit = torch.ops.bitsandbytes.quantize_blockwise.default


@dataclass
class Nf4:
    """NF4 bytes of one tensor as bitsandbytes makes them, with and without double quantisation."""

    codes: torch.Tensor  # u8 [ceil(n / 2)], high nibble first
    absmax: torch.Tensor  # f32 [ceil(n / 64)]
    absmax_codes: torch.Tensor  # u8 [ceil(n / 64)]: absmax - offset in 8 bits, nearest entry of the map
    absmax_codes_x86: torch.Tensor  # the same by the compiled x86 library's 65,536-entry table (see README)
    nested_absmax: torch.Tensor  # f32 [ceil(blocks / 256)]
    nested_offset: torch.Tensor  # f32 [1]: mean(absmax)
    nested_map: torch.Tensor  # f32 [256]
    dequantized: torch.Tensor  # f32, from absmax
    dequantized_nested: torch.Tensor  # f32, from map[absmax_codes] * nested_absmax + nested_offset


def quantize_nf4(weight: torch.Tensor) -> Nf4:
    """Quantise `weight` (f32 or f16, any shape) with bitsandbytes: blocks of 64, statistics in blocks of 256.

    bitsandbytes has two CPU kernels for the 8-bit statistics. The portable one takes the nearest map entry, as its
    CUDA kernel does; the compiled x86 one looks the scaled value up in a table of 65,536 steps and so differs by one
    code in about 0.2 % of blocks. Checkpoints in the wild are made on GPUs, hence the portable one is the golden.
    """
    weight = weight.float().contiguous()
    map8 = bnb.create_dynamic_map()
    codes, absmax = torch.ops.bitsandbytes.quantize_4bit.default(weight, BLOCK, "nf4", torch.uint8)
    offset = absmax.mean()
    centred = absmax - offset
    absmax_codes, nested_absmax = _quantize_8bit._op_dk(
        DispatchKey.CompositeExplicitAutograd, centred, map8, NESTED_BLOCK
    )
    absmax_codes_x86, _ = _quantize_8bit(centred, map8, NESTED_BLOCK)
    nested = torch.ops.bitsandbytes.dequantize_blockwise.default(
        absmax_codes, nested_absmax, map8, NESTED_BLOCK, torch.float32
    )
    return Nf4(
        codes=codes.flatten(),
        absmax=absmax,
        absmax_codes=absmax_codes,
        absmax_codes_x86=absmax_codes_x86,
        nested_absmax=nested_absmax,
        nested_offset=offset.reshape(1),
        nested_map=map8,
        dequantized=_dequantize(codes, absmax, weight.shape),
        dequantized_nested=_dequantize(codes, nested + offset, weight.shape),
    )


def _dequantize(codes: torch.Tensor, absmax: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """map[code] * absmax over the flat tensor, as the format is defined.

    Written out because bitsandbytes 0.50's compiled CPU kernel takes blocks row by row: where a row is no multiple of
    64 values its result is not that of its own CUDA kernel, nor near the weight (off by 0.15 where NF4 is off by 0.03).
    """
    values = bnb.get_4bit_type("nf4", device="cpu")[torch.stack([codes >> 4, codes & 15], 1).flatten().long()]
    blocks = absmax.flatten().repeat_interleave(BLOCK)
    count = shape.numel()
    return (values[:count] * blocks[:count]).reshape(shape)


def nf4_base_(model: torch.nn.Module) -> torch.nn.Module:
    """Replace, in place, the seven projections of every layer by what QLoRA computes with: NF4 and back, in f32."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(tuple(f"{p}.weight" for p in PROJECTIONS)):
                parameter.copy_(quantize_nf4(parameter).dequantized_nested)
    return model


def save_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().contiguous().clone() for name, t in tensors.items()}, path)


def save_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1, ensure_ascii=False)
    numbers_on_one_line = re.sub(r"\[[-\d.,e\s]+\]", lambda m: re.sub(r"\s+", "", m[0]).replace(",", ", "), text)
    path.write_text(numbers_on_one_line + "\n")

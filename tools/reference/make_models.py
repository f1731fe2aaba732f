"""Goldens of whole models -> tests/goldens/models/<name>/: logits, loss and every LoRA gradient, f32 and NF4 base.

    python tools/reference/make_models.py [NAME ...]
"""

from __future__ import annotations

import sys

import torch
from common import PROJECTIONS, bnb, nf4_base_, quantize_nf4, save_json, save_tensors
from safetensors.torch import load_file
from tiny_models import (
    GOLDENS_TABLE, Golden, by_name, load_adapter, load_base, write_adapter, write_base, write_batch, write_tokenizer,
)


def trained_nll(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Sum of -log p over the trained tokens (label at t + 1 under logits at t), and their number."""
    targets = labels[:, 1:].reshape(-1)
    total = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]), targets, ignore_index=-100, reduction="sum"
    )
    return total, int((targets != -100).sum())


def grads(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Gradients under the names that adapter_model.safetensors uses."""
    return {
        name.replace(".default", ""): p.grad for name, p in model.named_parameters() if p.requires_grad
    }


def run(golden: Golden, batch: dict, quantised: bool) -> dict:
    base = load_base(golden)
    model = load_adapter(nf4_base_(base) if quantised else base, golden.folder / "adapter")
    ids, mask, labels = (torch.tensor(batch[k]) for k in ("input_ids", "attention_mask", "labels"))
    output = model(input_ids=ids, attention_mask=mask, labels=labels)
    total, count = trained_nll(output.logits, labels)
    loss = total / count
    if abs(loss.item() - output.loss.item()) > 1e-6 * loss.item():
        raise SystemExit(f"{golden.name}: loss {loss.item()} is not transformers' {output.loss.item()}")
    loss.backward()
    gradients = grads(model)
    smallest = min(g.abs().max().item() for g in gradients.values())
    logits = output.logits[mask.bool()]
    print(f"{golden.name} nf4={quantised}: loss {loss.item():.4f}, {count} tokens, logits std {logits.std():.2f}, "
          f"attention and MLP gradients at least {smallest:.1e}")
    if smallest == 0:
        raise SystemExit(f"{golden.name}: a gradient is zero, so the golden would not protect it")
    name = "nf4" if quantised else "f32"
    save_tensors(golden.folder / f"expected-{name}.safetensors", {"logits": logits, **gradients})
    norm = torch.sqrt(sum((g.double() ** 2).sum() for g in gradients.values())).item()
    return {"loss": loss.item(), "trainedTokens": count, "gradNorm": norm}


def write_bitsandbytes_checkpoint(golden: Golden) -> None:
    """The same base as bitsandbytes saves it in 4 bits: projections as packed NF4 with double quantisation."""
    folder = golden.folder.with_name(f"{golden.name}-bnb4")
    tensors = {}
    for name, weight in load_file(golden.folder / "model.safetensors").items():
        if not name.endswith(tuple(f"{p}.weight" for p in PROJECTIONS)):
            tensors[name] = weight
            continue
        made = quantize_nf4(weight)
        nested = bnb.QuantState(
            absmax=made.nested_absmax, code=made.nested_map, blocksize=256, dtype=torch.float32
        )
        state = bnb.QuantState(
            absmax=made.absmax_codes, shape=weight.shape, code=bnb.get_4bit_type("nf4", device="cpu"), blocksize=64,
            quant_type="nf4", dtype=weight.dtype, offset=made.nested_offset[0], state2=nested,
        )
        tensors[name] = made.codes.reshape(-1, 1)
        tensors.update({f"{name}.{key}": value for key, value in state.as_dict(packed=True).items()})
    save_tensors(folder / "model.safetensors", tensors)
    quantization = {
        "quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False, "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True, "bnb_4bit_compute_dtype": "float32", "bnb_4bit_quant_storage": "uint8",
        "llm_int8_skip_modules": None,
    }
    write_tokenizer(folder)
    save_json(folder / "config.json", {**golden.config, "quantization_config": quantization})


def main() -> None:
    chosen = [by_name(n) for n in sys.argv[1:]] or GOLDENS_TABLE
    for golden in chosen:
        write_base(golden)
        write_tokenizer(golden.folder)
        write_adapter(golden)
        batch = write_batch(golden)
        save_json(golden.folder / "expected.json", {
            "f32": run(golden, batch, quantised=False), "nf4": run(golden, batch, quantised=True),
        })
        if golden.name == "llama-tied":
            write_bitsandbytes_checkpoint(golden)


if __name__ == "__main__":
    main()

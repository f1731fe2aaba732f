"""Goldens of models and adapters with one peculiarity each -> tests/goldens/variants: what transformers and PEFT make of them.

    python tools/reference/make_variants.py

Made from the committed goldens of make_models.py: their weights and rows stay, a config, a head, an adapter or the way in
which weights are stored changes.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import torch
from common import GOLDENS, PROJECTIONS, bnb, save_json, save_tensors
from make_models import grads, trained_nll
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from tiny_models import by_name
from transformers import AutoModelForCausalLM

OUT = GOLDENS / "variants"


def load(folder: Path) -> torch.nn.Module:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval().requires_grad_(False)


def changed(name: str, config: dict, tensors=lambda t: t) -> Path:
    """A golden's folder with another config (None takes a field away), and other weights where asked for."""
    folder = Path(tempfile.mkdtemp())
    old = json.loads((by_name(name).folder / "config.json").read_text())
    merged = {k: v for k, v in {**old, **config}.items() if not (k in config and v is None)}
    (folder / "config.json").write_text(json.dumps(merged))
    save_tensors(folder / "model.safetensors", tensors(load_file(by_name(name).folder / "model.safetensors")))
    return folder


def measure(model: torch.nn.Module, name: str) -> torch.Tensor:
    batch = json.loads((by_name(name).folder / "batch.json").read_text())
    ids, mask, labels = (torch.tensor(batch[k]) for k in ("input_ids", "attention_mask", "labels"))
    total, count = trained_nll(model(input_ids=ids, attention_mask=mask).logits, labels)
    return total / count


def configs() -> list[dict]:
    """Loss and gradient norm with the golden's own adapter, under another config."""
    cases = [
        ("mistral-layer-types", "mistral-window", {"layer_types": ["full_attention", "sliding_attention"]}),
        ("mistral-window-left-out", "mistral-window", {"sliding_window": None}),
        ("qwen2-window", "qwen2-bias", {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1}),
        ("llama3-own-length", "llama-gqa-rope3", {"rope_scaling": {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        }}),
        ("rope-parameters", "llama-tied", {"rope_theta": 10000.0, "rope_scaling": None, "rope_parameters": {
            "rope_type": "linear", "rope_theta": 500000.0, "factor": 4.0,
        }}),
    ]
    out = []
    for name, model, config in cases:
        worn = PeftModel.from_pretrained(load(changed(model, config)), by_name(model).folder / "adapter", is_trainable=True)
        loss = measure(worn, model)
        loss.backward()
        norm = torch.sqrt(sum((g.double() ** 2).sum() for g in grads(worn).values())).item()
        out.append({"name": name, "model": model, "config": config, "loss": loss.item(), "gradNorm": norm})
    return out


def own_head() -> dict:
    """A tied config beside a head of its own: the embedding with its rows in reverse."""
    def add(tensors: dict) -> dict:
        return {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"].flip(0)}

    return {"name": "tied-with-own-head", "model": "llama-tied",
            "loss": measure(load(changed("llama-tied", {}, add)), "llama-tied").item()}


def adapters() -> list[dict]:
    """Adapters whose modules differ, as PEFT saves and loads them."""
    cases = {
        "adapter-patterns": dict(
            target_modules=["q_proj", "k_proj", "v_proj", "down_proj"],
            rank_pattern={"v_proj": 2, r"layers\.1\.mlp\.down_proj": 6}, alpha_pattern={"self_attn.(k|v)_proj": 3},
        ),
        "adapter-layers": dict(target_modules=["q_proj", "o_proj"], layers_to_transform=[1], use_rslora=True),
        "adapter-exclude": dict(target_modules="all-linear", exclude_modules=["gate_proj", "down_proj"], init_lora_weights="gaussian"),
    }
    out = []
    for name, options in cases.items():
        generator = torch.Generator().manual_seed(len(name))
        model = get_peft_model(load(by_name("llama-tied").folder), LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, **options))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if ".lora_" in key:
                    parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
        folder = OUT / name
        model.save_pretrained(folder, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)
        config = json.loads((folder / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = "llama-tied"
        for field in ("target_modules", "exclude_modules"):
            if isinstance(config[field], list):
                config[field] = sorted(config[field])
        save_json(folder / "adapter_config.json", config)
        loaded = PeftModel.from_pretrained(load(by_name("llama-tied").folder), folder)
        out.append({"name": name, "model": "llama-tied", "adapter": name, "loss": measure(loaded, "llama-tied").item()})
    return out


def four_bits() -> dict:
    """A 4-bit checkpoint of bitsandbytes in which matrices are FP4, NF4 in blocks of 128, and not quantised at all."""
    source = by_name("llama-tied").folder
    stored, exact = {}, {}
    for name, weight in load_file(source / "model.safetensors").items():
        if not name.endswith(tuple(f"{p}.weight" for p in PROJECTIONS)) or "q_proj" in name:
            stored[name] = exact[name] = weight
            continue
        kind, block = ("fp4", 64) if "layers.0" in name else ("nf4", 128)
        flat = weight.float().reshape(1, -1)
        codes, state = bnb.quantize_4bit(flat, blocksize=block, quant_type=kind)
        state.shape = weight.shape
        stored[name] = codes
        stored.update({f"{name}.{key}": value for key, value in state.as_dict(packed=True).items()})
        # Written out, as in common.py: value = map[code] * absmax of its block.
        values = state.code[torch.stack([codes >> 4, codes & 15], 1).flatten().long()][: weight.numel()]
        exact[name] = (values * state.absmax.repeat_interleave(block)[: weight.numel()]).reshape(weight.shape)
    folder = OUT / "llama-tied-mixed4"
    save_tensors(folder / "model.safetensors", stored)
    save_json(folder / "config.json", {**by_name("llama-tied").config, "quantization_config": {
        "quant_method": "bitsandbytes", "load_in_4bit": True, "_load_in_4bit": True, "_load_in_8bit": False,
        "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": False, "bnb_4bit_compute_dtype": "float32",
        "bnb_4bit_quant_storage": "uint8", "llm_int8_skip_modules": ["lm_head", "q_proj"], "llm_int8_threshold": 6.0,
    }})
    model = load(source)
    model.load_state_dict(exact, strict=False)
    return {"name": "llama-tied-mixed4", "model": "llama-tied", "loss": measure(model, "llama-tied").item()}


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    made = {"configs": configs(), "head": own_head(), "adapters": adapters(), "fourBit": four_bits()}
    save_json(OUT / "expected.json", made)
    print(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()

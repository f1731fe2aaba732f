"""The four tiny models of the goldens: their configs, their seeded weights, their adapters and their rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from common import GOLDENS, PROJECTIONS, save_json, save_tensors
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

MODELS = GOLDENS / "models"


@dataclass(frozen=True)
class Golden:
    name: str
    config: dict
    lora: dict
    seed: int
    lengths: tuple[int, ...]  # of the rows of the batch; the longest has no padding
    storage: torch.dtype = torch.float16  # values are f16-representable either way

    @property
    def folder(self) -> Path:
        return MODELS / self.name


def _config(model_type: str, architecture: str, **fields: object) -> dict:
    return {
        "architectures": [architecture],
        "model_type": model_type,
        "hidden_act": "silu",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "use_cache": True,
        **fields,
    }


ALL_SEVEN = list(PROJECTIONS)

GOLDENS_TABLE = (
    # Tied head, no grouping of heads, an MLP of 176 = 2.75 blocks of 64: NF4 blocks straddle the rows of down_proj.
    Golden(
        "llama-tied",
        _config(
            "llama", "LlamaForCausalLM", num_key_value_heads=4, intermediate_size=176, vocab_size=320,
            rms_norm_eps=1e-5, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=True,
            attention_bias=False, mlp_bias=False, torch_dtype="float16",
        ),
        dict(r=8, lora_alpha=16, target_modules=ALL_SEVEN),
        seed=11,
        lengths=(17, 9, 13),
    ),
    # Untied head, two query heads per key head, rope_scaling whose three bands (kept, blended, divided) all occur.
    Golden(
        "llama-gqa-rope3",
        _config(
            "llama", "LlamaForCausalLM", num_hidden_layers=3, num_key_value_heads=2, head_dim=16,
            intermediate_size=160, vocab_size=256, rms_norm_eps=1e-5, rope_theta=500000.0,
            rope_scaling={
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
            tie_word_embeddings=False, attention_bias=False, mlp_bias=False, torch_dtype="float16",
        ),
        dict(r=4, lora_alpha=8, target_modules=ALL_SEVEN, use_rslora=True),
        seed=12,
        lengths=(24, 11),
    ),
    # A window of 5 under rows of up to 23; hidden 96 with heads of 16, so q_proj is not square; a subset of targets.
    Golden(
        "mistral-window",
        _config(
            "mistral", "MistralForCausalLM", hidden_size=96, num_key_value_heads=2, head_dim=16,
            intermediate_size=136, vocab_size=256, rms_norm_eps=1e-5, rope_theta=10000.0, sliding_window=5,
            tie_word_embeddings=False, torch_dtype="float16",
        ),
        dict(r=4, lora_alpha=4, target_modules=["q_proj", "v_proj", "down_proj"]),
        seed=13,
        lengths=(23, 4, 15),
    ),
    # Biases on q, k and v, one key head for all queries, an alpha that r does not divide, weights stored as F32.
    Golden(
        "qwen2-bias",
        _config(
            "qwen2", "Qwen2ForCausalLM", num_key_value_heads=1, intermediate_size=128, vocab_size=272,
            rms_norm_eps=1e-6, rope_theta=1000000.0, tie_word_embeddings=True, use_sliding_window=False,
            sliding_window=None, max_window_layers=2, torch_dtype="float32",
        ),
        dict(r=6, lora_alpha=9, target_modules=ALL_SEVEN),
        seed=14,
        lengths=(19, 8, 12),
        storage=torch.float32,
    ),
)


def by_name(name: str) -> Golden:
    return next(g for g in GOLDENS_TABLE if g.name == name)


def write_base(golden: Golden) -> None:
    """Seeded weights, large enough that attention picks tokens and logits spread over several units."""
    save_json(golden.folder / "config.json", golden.config)
    config = AutoConfig.from_pretrained(golden.folder)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    generator = torch.Generator().manual_seed(golden.seed)

    def value(name: str, shape: torch.Size) -> torch.Tensor:
        noise = torch.randn(shape, generator=generator)
        if name.endswith("norm.weight"):
            return 1 + 0.2 * noise
        if name.endswith(".bias"):
            return 0.3 * noise
        if "embed_tokens" in name or "lm_head" in name:
            return 0.25 * noise
        gain = 1.8 if ".q_proj." in name or ".k_proj." in name else 1.0
        return gain * noise / shape[-1] ** 0.5

    weights = {name: value(name, p.shape).to(torch.float16).to(golden.storage) for name, p in model.named_parameters()}
    save_tensors(golden.folder / "model.safetensors", weights)


CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + eos_token + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def write_tokenizer(folder: Path) -> None:
    """Bytes as tokens, so that the folder opens as any model does. Bytes that UTF-8 never uses have no token."""
    specials = ["<pad>", "<bos>", "<eos>"]
    unused = {0xC0, 0xC1, *range(0xF5, 0x100)}
    letters = {byte: chr(byte) for byte in (*range(33, 127), *range(161, 173), *range(174, 256))}
    rest = [byte for byte in range(256) if byte not in letters]  # GPT-2's alphabet: these become U+0100 and on
    letters.update({byte: chr(256 + i) for i, byte in enumerate(rest)})
    vocabulary = {token: i for i, token in enumerate(specials)}
    for byte in sorted(set(range(256)) - unused):
        vocabulary[letters[byte]] = len(vocabulary)
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.add_special_tokens(specials)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    save_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>",
        "chat_template": CHAT_TEMPLATE, "clean_up_tokenization_spaces": False, "model_max_length": 256,
    })


def load_base(golden: Golden) -> PreTrainedModel:
    """The committed folder, in f32, with the plain attention that every other implementation is compared with."""
    model = AutoModelForCausalLM.from_pretrained(golden.folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval().requires_grad_(False)


def write_adapter(golden: Golden) -> None:
    config = LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, bias="none", **golden.lora)
    model = get_peft_model(load_base(golden), config)
    generator = torch.Generator().manual_seed(golden.seed + 1000)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_A." in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / parameter.shape[1] ** 0.5)
            elif ".lora_B." in name:  # PEFT starts B at zero, which would hide every mistake in dA
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.05)
    save_adapter(model, golden, golden.folder / "adapter")


def save_adapter(model: PeftModel, golden: Golden, folder: Path) -> None:
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # a template model card, nothing of ours
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    # PEFT writes a set and the path on this machine: fix both, so that a second run gives the same bytes.
    config["target_modules"] = [p for p in PROJECTIONS if p in config["target_modules"]]
    config["base_model_name_or_path"] = golden.name
    save_json(path, config)


def load_adapter(model: PreTrainedModel, folder: Path) -> PeftModel:
    return PeftModel.from_pretrained(model, folder, is_trainable=True)


def write_batch(golden: Golden) -> dict:
    """Rows of different lengths, padded on the right; the first third of each row is a prompt and not trained on."""
    generator = torch.Generator().manual_seed(golden.seed + 2000)
    rows = []
    for length in golden.lengths:
        ids = torch.randint(3, golden.config["vocab_size"], (length,), generator=generator).tolist()
        prompt = length // 3
        labels = [-100] * prompt + ids[prompt:]
        labels[prompt + 2] = -100  # a hole in the answer: masks are per token, not per prefix
        rows.append((ids, labels))
    batch = pad(rows, pad_id=0)
    save_json(golden.folder / "batch.json", batch)
    return batch


def pad(rows: list[tuple[list[int], list[int]]], pad_id: int) -> dict:
    """Hugging Face's shape of a batch: labels are not shifted (the model shifts), -100 is not trained on."""
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": [ids + [pad_id] * (longest - len(ids)) for ids, _ in rows],
        "attention_mask": [[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows],
        "labels": [labels + [-100] * (longest - len(labels)) for _, labels in rows],
    }

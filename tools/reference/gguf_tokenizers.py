"""Makes tests/goldens/gguf/tokenizers: small tokenizers of every kind that GGUF names, each as a GGUF file without
tensors, and texts with the ids that the reference library gives (sentencepiece for `llama`, tokenizers for the rest).

    python tools/reference/gguf_tokenizers.py     needs: pip install gguf==0.19.0 tokenizers==0.23.3 sentencepiece==0.2.3
"""

import io
import json
import random
from pathlib import Path

import gguf
import sentencepiece as spm
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from gguf_smollm2 import TEXTS

OUT = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "gguf" / "tokenizers"
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )


KINDS = {
    "gpt-2": (pre_tokenizers.ByteLevel(False), None),
    "llama-bpe": (split(CL100K.replace("DIGITS", r"\p{N}{1,3}")), None),
    "qwen2": (split(CL100K.replace("DIGITS", r"\p{N}")), normalizers.NFC()),
    "tekken": (split(TEKKEN), None),
}
EXTRA = ["an unmerged word", "camelCase HTTPServer ǅungla ÀÉ", "it'S DON'T we'Ve", "1234567 １２３ ½", "a/b//\n/c", "e\u0301 vs \u00e9", "<s>x</s> y"]


def corpus():
    rng = random.Random(3)
    syllables = ["ba", "ke", "mi", "to", "lu", "ran", "sen", "'s", "ing", "é", "日", "12", "7", "X"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(400)]
    lines = [" ".join(rng.choices(words, k=12)) + rng.choice([".", "!\n", "  ", "\t"]) for _ in range(500)]
    # Frequent enough that merges form across every place where the kinds split differently.
    return lines + (TEXTS + EXTRA + ["1234567 123 456 a//\n/c"]) * 30


def write(name, model, tokens, types, pre=None, merges=None, scores=None):
    writer = gguf.GGUFWriter(OUT / f"{name}.gguf", "llama")
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if pre:
        writer.add_tokenizer_pre(pre)
    if merges:
        writer.add_token_merges(merges)
    if scores:
        writer.add_token_scores(scores)
    writer.add_bos_token_id(tokens.index("<s>"))
    writer.add_eos_token_id(tokens.index("</s>"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def byte_level(name):
    pre, normalizer = KINDS[name]
    tokenizer = Tokenizer(models.BPE(ignore_merges=name in ("llama-bpe", "tekken")))
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = [AddedToken(token, special=True, normalized=False) for token in ("<s>", "</s>")]
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    # A word that no merge leads to: only kinds that look words up whole give it.
    definition = json.loads(tokenizer.to_str())
    definition["model"]["vocab"]["\u0120unmerged"] = len(definition["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    model = definition["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    types = [3 if token in ("<s>", "</s>") else 1 for token in tokens]
    write(name, "gpt2", tokens, types, name, [" ".join(pair) for pair in model["merges"]])
    return [row(text, tokenizer.encode(text).ids, tokenizer.decode) for text in TEXTS + EXTRA]


def sentence_piece():
    file = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()),
        model_writer=file,
        model_type="bpe",
        vocab_size=600,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        minloglevel=2,
    )
    model = spm.SentencePieceProcessor(model_proto=file.getvalue())
    ids = range(model.get_piece_size())
    types = [2 if model.is_unknown(i) else 3 if model.is_control(i) else 6 if model.is_byte(i) else 1 for i in ids]
    write("spm", "llama", [model.id_to_piece(i) for i in ids], types, scores=[model.get_score(i) for i in ids])
    # Control tokens in text are sentencepiece's own plain text, and Hugging Face's tokens: left out here.
    texts = [text for text in TEXTS + EXTRA if "<s>" not in text and "\u0000" not in text]
    return [row(text, model.encode(text), lambda ids, **_: model.decode(ids)) for text in texts]


def row(text, ids, decode):
    return {"text": text, "ids": ids, "decoded": decode(ids, skip_special_tokens=False)}


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    golden = {"spm": sentence_piece(), **{name: byte_level(name) for name in KINDS}}
    (OUT / "texts.json").write_text(json.dumps(golden, indent=1) + "\n")
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)

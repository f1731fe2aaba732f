"""Mean negative log-likelihood per chat row by transformers, for `npm run score` to be compared with.

    python tools/reference/reference_score.py --model DIR|FILE.gguf --data ROWS.jsonl [--out FILE.json]
        [--adapter DIR] [--quant none,nf4]

Rows are {"messages": [...]} through the model's own chat template. Trained (scored) are the answers: of every
assistant turn the tokens after the generation prompt, up to and with the end-of-turn token.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import torch
from common import save_json
from load_any import load_model, load_tokenizer


def encode(messages: list[dict], tokenizer) -> tuple[list[int], list[int]]:
    """Token ids of the whole conversation, and 1 for each token that is a target."""
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, trained = encoded["input_ids"], [0] * len(encoded["input_ids"])
    for i, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = tokenizer.apply_chat_template(messages[:i], tokenize=False, add_generation_prompt=True)
        after = tokenizer.apply_chat_template(messages[: i + 1], tokenize=False)
        if not after.startswith(before) or not text.startswith(after):
            raise SystemExit("the chat template rewrites earlier turns; its answers cannot be located by prefix")
        for at, (start, end) in enumerate(encoded["offset_mapping"]):
            if len(before) <= start and end <= len(after):
                trained[at] = 1
                if ids[at] == tokenizer.eos_token_id:
                    break  # what the template puts after the end of the turn is not the model's to say
    return ids, trained


def score(model, ids: list[int], trained: list[int]) -> float:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, :-1]
    nll = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:]), reduction="none")
    mask = torch.tensor(trained[1:], dtype=torch.bool)
    return nll[mask].double().mean().item()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path, required=True)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--adapter", type=Path)
    arguments.add_argument("--out", type=Path)
    arguments.add_argument("--quant", default="none,nf4")
    options = arguments.parse_args()

    tokenizer = load_tokenizer(options.model)
    lines = [line for line in options.data.read_text().splitlines() if line.strip()]
    encoded = [encode(json.loads(line)["messages"], tokenizer) for line in lines]
    rows = [{"tokens": len(ids), "trainedTokens": sum(t[1:]), "meanNll": {}, "inputIds": ids, "trained": t} for ids, t in encoded]
    perplexity = {}
    for quant in options.quant.split(","):
        model = load_model(options.model, quant)
        if options.adapter:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, options.adapter).eval()
        for row in rows:
            row["meanNll"][quant] = score(model, row["inputIds"], row["trained"])
        total = sum(row["meanNll"][quant] * row["trainedTokens"] for row in rows)
        perplexity[quant] = math.exp(total / sum(row["trainedTokens"] for row in rows))
        print(f"{options.model.name} {quant}: perplexity {perplexity[quant]:.4f} over {len(rows)} rows")
    if options.out:
        save_json(options.out, {"model": options.model.name, "perplexity": perplexity, "rows": rows})


if __name__ == "__main__":
    main()

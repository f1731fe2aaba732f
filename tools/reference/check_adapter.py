"""Load an adapter exported by Tabtune in PEFT and compare its logits with Tabtune's.

    python tools/reference/check_adapter.py --base DIR|FILE.gguf --adapter DIR --logits FILE [--quant nf4] [--tolerance X]

FILE is either safetensors with `input_ids.N` [length] and `logits.N` [length, vocabulary] for N = 0, 1, …, or JSON
`{"rows": [{"input_ids": […], "logits": [[…], …]}, …]}`. Rows are not padded. `--quant nf4` for a QLoRA run.
Prints the largest error relative to the largest logit; exits with 1 over the tolerance (default 1e-3).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from load_any import load_model
from peft import PeftModel
from safetensors.torch import load_file


def read_rows(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    if path.suffix == ".json":
        rows = json.loads(path.read_text())["rows"]
        return [(torch.tensor(row["input_ids"]), torch.tensor(row["logits"])) for row in rows]
    tensors = load_file(path)
    count = sum(name.startswith("logits.") for name in tensors)
    return [(tensors[f"input_ids.{n}"].long(), tensors[f"logits.{n}"].float()) for n in range(count)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--base", type=Path, required=True)
    arguments.add_argument("--adapter", type=Path, required=True)
    arguments.add_argument("--logits", type=Path, required=True)
    arguments.add_argument("--quant", choices=("none", "nf4"), default="none")
    arguments.add_argument("--tolerance", type=float, default=1e-3)
    options = arguments.parse_args()

    rows = read_rows(options.logits)
    if not rows:
        raise SystemExit(f"{options.logits}: no rows")
    base = load_model(options.base, options.quant)
    with torch.no_grad():
        without = [base(input_ids=ids[None]).logits[0] for ids, _ in rows]
        model = PeftModel.from_pretrained(base, options.adapter).eval()
        expected = [model(input_ids=ids[None]).logits[0] for ids, _ in rows]
    largest = max(logits.abs().max().item() for logits in expected)
    error = max((e - logits).abs().max().item() for e, (_, logits) in zip(expected, rows)) / largest
    effect = max((e - b).abs().max().item() for e, b in zip(expected, without)) / largest
    print(f"max relative error {error:.2e} over {len(rows)} rows (the adapter itself changes logits by {effect:.2e})")
    if not error <= options.tolerance or effect == 0:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

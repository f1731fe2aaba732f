"""Scores of DataInf's published code on small random gradients, for src/lib/gpu/influence/data-inf.test.ts.

    git clone https://github.com/ykwon0407/DataInf DIR
    python tools/reference/data_inf_goldens.py DIR      (needs torch, pandas, tqdm)
"""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import torch

ROWS, QUERIES, LAYERS, PARAMETERS = 12, 3, 4, 32
OUT = Path(__file__).parents[2] / "tests/goldens/influence/data-inf.json"


def load_authors_code(folder: str):
    spec = spec_from_file_location("influence", Path(folder) / "src/influence.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gradients(count: int, scale: float) -> torch.Tensor:
    """Rows that have something in common, as gradients of one model do."""
    shared = torch.randn(LAYERS, PARAMETERS)
    layers = torch.logspace(-2, 0, LAYERS).reshape(1, LAYERS, 1)
    return scale * layers * (0.5 * shared + torch.randn(count, LAYERS, PARAMETERS))


def main() -> None:
    authors = load_authors_code(sys.argv[1])
    torch.manual_seed(0)
    train, queries = gradients(ROWS, 1.0), gradients(QUERIES, 0.3)
    named = lambda rows: {i: {f"layer {l}": g.reshape(4, -1) for l, g in enumerate(row)} for i, row in enumerate(rows)}
    scores = []
    for query in queries:
        engine = authors.IFEngine()
        engine.preprocess_gradients(named(train), named([query]), None)
        engine.compute_hvp_proposed()
        engine.compute_IF()
        scores.append(engine.IF_dict["proposed"].tolist())
    listed = lambda rows: [[[round(float(x), 9) for x in layer] for layer in row] for row in rows]
    text = json.dumps({"train": listed(train), "queries": listed(queries), "scores": scores})
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text + "\n")


main()

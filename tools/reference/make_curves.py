"""Goldens of training -> tests/goldens/models/<name>/curve/: 20 optimizer steps of QLoRA, losses and the last adapter.

    python tools/reference/make_curves.py [--check-trainer]

The base is NF4 and back in f32, the first adapter is the model's committed one. The loop is written out, because it is
the specification; --check-trainer runs the same batches through transformers' Trainer and compares every figure.
"""

from __future__ import annotations

import sys
import tempfile

import torch
from common import nf4_base_, save_json
from make_models import trained_nll
from tiny_models import Golden, by_name, load_adapter, load_base, pad, save_adapter
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

STEPS, ACCUMULATION, ROWS_A_BATCH, DISTINCT_ROWS = 20, 2, 2, 12
SCHEDULES = {"cosine": get_cosine_schedule_with_warmup, "linear": get_linear_schedule_with_warmup}
COMMON = {
    "steps": STEPS, "gradientAccumulation": ACCUMULATION, "warmupSteps": 5, "learningRate": 4e-3,
    "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
}
# Clipping bites at some steps and not at others, so a constant factor in its place would show. In 20 steps a decay of
# 0.01 moves no loss by 0.1 %; the second curve decays enough that forgetting it, or coupling it to the gradient, shows.
CURVES = {
    "llama-tied": {**COMMON, "scheduler": "cosine", "maxGradNorm": 5.0, "weightDecay": 0.01},
    "qwen2-bias": {**COMMON, "scheduler": "linear", "maxGradNorm": 3.5, "weightDecay": 0.5},
}


def make_batches(golden: Golden) -> list[list[dict]]:
    """Twelve rows over and over, in a new order each time, of different lengths and different counts of trained tokens."""
    generator = torch.Generator().manual_seed(golden.seed + 3000)
    rows = []
    for i in range(DISTINCT_ROWS):
        length = 6 + i
        ids = torch.randint(3, golden.config["vocab_size"], (length,), generator=generator).tolist()
        prompt = 2 + i % 4
        rows.append((ids, [-100] * prompt + ids[prompt:]))
    needed = STEPS * ACCUMULATION * ROWS_A_BATCH
    order: list[int] = []
    while len(order) < needed:
        order += torch.randperm(DISTINCT_ROWS, generator=generator).tolist()
    batches = [
        pad([rows[r] for r in order[at : at + ROWS_A_BATCH]], pad_id=0) for at in range(0, needed, ROWS_A_BATCH)
    ]
    return [batches[at : at + ACCUMULATION] for at in range(0, len(batches), ACCUMULATION)]


def quantised_model(golden: Golden):
    model = load_adapter(nf4_base_(load_base(golden)), golden.folder / "adapter")
    return model, [p for p in model.parameters() if p.requires_grad]


def train(golden: Golden, options: dict, steps: list[list[dict]]) -> list[dict]:
    model, parameters = quantised_model(golden)
    optimizer = torch.optim.AdamW(
        parameters, lr=options["learningRate"], betas=(options["beta1"], options["beta2"]), eps=options["epsilon"],
        weight_decay=options["weightDecay"],
    )
    schedule = SCHEDULES[options["scheduler"]](optimizer, options["warmupSteps"], options["steps"])
    curve = []
    for number, micro_batches in enumerate(steps, start=1):
        tensors = [{k: torch.tensor(v) for k, v in batch.items()} for batch in micro_batches]
        trained = sum(int((t["labels"][:, 1:] != -100).sum()) for t in tensors)
        loss = 0.0
        for t in tensors:  # every token of the whole accumulated batch weighs the same
            logits = model(input_ids=t["input_ids"], attention_mask=t["attention_mask"]).logits
            part = trained_nll(logits, t["labels"])[0] / trained
            part.backward()
            loss += part.item()
        norm = torch.nn.utils.clip_grad_norm_(parameters, options["maxGradNorm"]).item()
        curve.append({
            "step": number, "loss": loss, "learningRate": schedule.get_last_lr()[0], "gradNorm": norm,
            "trainedTokens": trained,
        })
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    save_adapter(model, golden, golden.folder / "curve" / "adapter")
    return curve


def check_trainer(golden: Golden, options: dict, steps: list[list[dict]], curve: list[dict]) -> None:
    """The same 20 steps by transformers' Trainer: an accumulated batch in a fixed order, loss over num_items_in_batch."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    micro_batches = [batch for step in steps for batch in step]
    logged: list[dict] = []

    class Keep(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **kwargs):
            if logs and "loss" in logs and "grad_norm" in logs:
                logged.append(logs)

    class InOrder(Trainer):
        def get_train_dataloader(self):
            return [{k: torch.tensor(v) for k, v in batch.items()} for batch in micro_batches]

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, max_steps=options["steps"], gradient_accumulation_steps=ACCUMULATION,
            per_device_train_batch_size=ROWS_A_BATCH, learning_rate=options["learningRate"],
            lr_scheduler_type=options["scheduler"], warmup_steps=options["warmupSteps"],
            weight_decay=options["weightDecay"], max_grad_norm=options["maxGradNorm"], logging_steps=1,
            report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True, optim="adamw_torch",
            logging_nan_inf_filter=False,
        )
        model, _ = quantised_model(golden)
        InOrder(model=model, args=arguments, train_dataset=micro_batches, callbacks=[Keep()]).train()
    for ours, theirs in zip(curve, logged, strict=True):
        for mine, its in ((ours["loss"], theirs["loss"]), (ours["gradNorm"], theirs["grad_norm"])):
            if abs(mine - float(its)) > 2e-4 * abs(mine):  # Trainer rounds what it logs
                raise SystemExit(f"{golden.name} step {ours['step']}: {ours} but Trainer {theirs}")
    print(f"{golden.name}: transformers' Trainer gives the same {len(logged)} losses and gradient norms")


def main() -> None:
    for name, options in CURVES.items():
        golden = by_name(name)
        steps = make_batches(golden)
        curve = train(golden, options, steps)
        clipped = sum(point["gradNorm"] > options["maxGradNorm"] for point in curve)
        print(f"{name}: loss {curve[0]['loss']:.4f} -> {curve[-1]['loss']:.4f}, clipped at {clipped} of {len(curve)} steps")
        save_json(golden.folder / "curve" / "batches.json", steps)
        save_json(golden.folder / "curve" / "steps.json", {"options": options, "steps": curve})
        if "--check-trainer" in sys.argv[1:]:
            check_trainer(golden, options, steps, curve)


if __name__ == "__main__":
    main()

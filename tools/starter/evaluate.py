"""How well the starter answers the Datanet's held-out questions before and after tuning, with PyTorch and
PEFT on the CPU.

    python evaluate.py --model ../../static/starter/model --data datanet

The base is quantised to NF4 with double quantisation (bitsandbytes) and dequantised again: the numbers that
QLoRA tunes on. An answer is right when the greedy reply equals the reference, letter case and the final full
stop aside.
"""
import argparse
import json
import pathlib
import random
import time
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM
from grammar import knowledge, talk

PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']


def load(folder: pathlib.Path, quantised: bool) -> LlamaForCausalLM:
  model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
  if quantised:
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit
    for name, module in model.named_modules():
      if name.split('.')[-1] in PROJECTIONS:
        codes, state = quantize_4bit(module.weight.data, blocksize=64, compress_statistics=True,
          quant_type='nf4')
        module.weight.data = dequantize_4bit(codes, state).reshape(module.weight.shape)
  return model.eval()


class Chat:
  """The model's chat frame: the same as the template in tokenizer_config.json."""

  def __init__(self, folder: pathlib.Path):
    self.tokenizer = Tokenizer.from_file(str(folder / 'tokenizer.json'))
    self.end = self.tokenizer.token_to_id('<|end|>')

  def turn(self, message: dict) -> list[int]:
    role = self.tokenizer.token_to_id(f'<|{message["role"]}|>')
    return [role] + self.tokenizer.encode(message['content'].strip()).ids + [self.end]

  def prompt(self, messages: list[dict]) -> list[int]:
    return [i for m in messages for i in self.turn(m)] + [self.tokenizer.token_to_id('<|assistant|>')]

  def row(self, messages: list[dict]) -> tuple[list[int], list[int]]:
    """Ids, and labels that are -100 outside of the answers."""
    ids, labels = [], []
    for m in messages:
      turn = self.turn(m)
      ids += turn
      labels += [-100] + turn[1:] if m['role'] == 'assistant' else [-100] * len(turn)
    return ids, labels


def pad(rows: list[list[int]], value: int, left: bool = False) -> torch.Tensor:
  n = max(map(len, rows))
  return torch.tensor([[value] * (n - len(r)) + r if left else r + [value] * (n - len(r)) for r in rows])


@torch.no_grad()
def replies(model, chat: Chat, prompts: list[list[dict]], tokens: int = 40, **options) -> list[str]:
  model.eval()
  out = []
  for i in range(0, len(prompts), 40):
    ids = [chat.prompt(p) for p in prompts[i:i + 40]]
    mask = pad([[1] * len(p) for p in ids], 0, left=True)
    made = model.generate(input_ids=pad(ids, 0, left=True), attention_mask=mask, max_new_tokens=tokens,
      do_sample=False, pad_token_id=0, eos_token_id=chat.end, **options)
    out += [chat.tokenizer.decode(list(r[mask.shape[1]:]), skip_special_tokens=True) for r in made]
  return out


def plain(text: str) -> str:
  return text.strip().rstrip('.').lower()


def accuracy(model, chat: Chat, rows: list[dict], show: int = 0) -> dict:
  got = replies(model, chat, [r['messages'][:-1] for r in rows])
  right = [plain(g) == plain(r['messages'][-1]['content']) for g, r in zip(got, rows)]
  for g, r, ok in [x for x in zip(got, rows, right) if not x[2]][:show]:
    print(f'   wrong: {r["messages"][0]["content"]} -> {g} | {r["messages"][-1]["content"]}')
  named = [r['key'].lower() in g.lower() for g, r in zip(got, rows)] if 'key' in rows[0] else right
  return {'exact': round(sum(right) / len(rows), 4), 'key': round(sum(named) / len(rows), 4)}


def tune(model, chat: Chat, rows: list[dict], a) -> dict:
  random.seed(a.seed)
  encoded = [chat.row(r['messages']) for r in rows]
  steps = a.max_steps or a.epochs * ((len(rows) + a.batch_size - 1) // a.batch_size)
  optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=a.learning_rate,
    weight_decay=0.0, betas=(0.9, 0.999))
  model.train()
  order, losses, start = [], [], time.time()
  for step in range(steps):
    if not order:
      order = random.sample(range(len(rows)), len(rows))
    batch, order = [encoded[i] for i in order[:a.batch_size]], order[a.batch_size:]
    rate = a.learning_rate * min((step + 1) / max(1, a.warmup_steps),
      (steps - step) / max(1, steps - a.warmup_steps))
    for group in optimizer.param_groups:
      group['lr'] = rate
    loss = model(input_ids=pad([b[0] for b in batch], 0), labels=pad([b[1] for b in batch], -100)).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
  return {'steps': steps, 'firstLoss': round(losses[0], 3), 'lastLoss': round(sum(losses[-5:]) / 5, 4),
    'seconds': round(time.time() - start, 1)}


def everyday(rows: list[dict], count: int = 60) -> list[dict]:
  """Everyday questions with one right answer that the rows do not give: what tuning should not undo."""
  rng = random.Random(5)
  writers = [knowledge.definition, knowledge.why, knowledge.colour, knowledge.order, talk.advice,
    knowledge.opposite]
  taught, out = {r['messages'][-1]['content'] for r in rows}, []
  while len(out) < count:
    messages = writers[len(out) % len(writers)](rng)
    if messages[-1]['content'] not in taught:
      out.append({'messages': messages})
  return out


def arguments() -> argparse.Namespace:
  args = argparse.ArgumentParser()
  here = pathlib.Path(__file__).parent
  args.add_argument('--model', type=pathlib.Path, default=here / '../../static/starter/model')
  args.add_argument('--data', type=pathlib.Path, default=here / 'datanet')
  args.add_argument('--rank', type=int, default=16)
  args.add_argument('--alpha', type=int, default=32)
  args.add_argument('--learning-rate', type=float, default=4e-3)
  args.add_argument('--epochs', type=int, default=3)
  args.add_argument('--max-steps', type=int, default=0)
  args.add_argument('--batch-size', type=int, default=8)
  args.add_argument('--warmup-steps', type=int, default=5)
  args.add_argument('--seed', type=int, default=0)
  args.add_argument('--quant', choices=['nf4', 'none'], default='nf4')
  args.add_argument('--show', type=int, default=10, help='wrong answers to print')
  return args.parse_args()


def main():
  a = arguments()
  torch.set_num_threads(1)
  chat = Chat(a.model)
  rows, held = ([json.loads(line) for line in (a.data / name).read_text().splitlines()]
    for name in ('rows.jsonl', 'held-out.jsonl'))
  model = load(a.model, a.quant == 'nf4')
  kept = everyday(rows)
  result = {'before': accuracy(model, chat, held, 3), 'everydayBefore': accuracy(model, chat, kept)['exact']}
  torch.manual_seed(a.seed)  # the adapter's A is drawn here
  model = get_peft_model(model, LoraConfig(r=a.rank, lora_alpha=a.alpha, lora_dropout=0.0,
    target_modules=PROJECTIONS, bias='none', task_type='CAUSAL_LM'))
  result['tuning'] = tune(model, chat, rows, a)
  result['after'] = accuracy(model, chat, held, a.show)
  result['rowsAfter'] = accuracy(model, chat, rows)['exact']
  result['everydayAfter'] = accuracy(model, chat, kept)['exact']
  print(json.dumps({**{k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(a).items()},
    **result}))
  for q in ('Hello', 'What is a boat?', 'Who are you?'):
    print('  after tuning:', q, '->', replies(model, chat, [[{'role': 'user', 'content': q}]])[0])


if __name__ == '__main__':
  main()

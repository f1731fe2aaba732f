"""Pretrains the starter model on the grammar's text: one core, float32, no download.

    python pretrain.py --out ../../static/starter/model --steps 4100

Every --save-every steps the state goes to --state, from which --resume goes on. The learning rate warms up,
stays, and falls to zero over the last third; --resume with more --steps goes on from any state.
"""
import argparse
import itertools
import json
import math
import pathlib
import time
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM
from data import batches

CONFIG = dict(hidden_size=192, num_hidden_layers=5, num_attention_heads=6, num_key_value_heads=2, head_dim=32,
  intermediate_size=512, max_position_embeddings=512,
              rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True, hidden_act='silu',
              attention_bias=False, mlp_bias=False, attention_dropout=0.0)


def loss_of(model, ids, weights) -> tuple[torch.Tensor, float]:
  """Weighted mean negative log-likelihood of the next tokens, and the sum of the weights. Padding is on the
  right, so the causal mask is enough."""
  logits = model(input_ids=ids).logits[:, :-1]
  nll = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1), reduction='none')
  w = weights[:, 1:].reshape(-1)
  return (nll * w).sum() / w.sum(), float(w.sum())


def held_out(model, tokenizer, count: int = 40) -> dict:
  """Mean loss over answers and plain text, and over every token, on documents drawn with a seed that training
  never uses."""
  model.eval()
  totals = {'answers': [0.0, 0.0], 'all': [0.0, 0.0]}
  with torch.no_grad():
    for ids, mask, weights in itertools.islice(batches(tokenizer, seed=987654, tokens=2048, pool=1500),
      count):
      for key, w in (('answers', (weights == 1.0).float()), ('all', mask.float())):
        loss, n = loss_of(model, ids, w)
        totals[key][0] += loss.item() * n
        totals[key][1] += n
  model.train()
  return {k: round(s / n, 4) for k, (s, n) in totals.items()}


def export(model, out: pathlib.Path, tokenizer: Tokenizer):
  """config.json, generation_config.json and model.safetensors with F16 weights under Hugging Face's names."""
  config = {'architectures': ['LlamaForCausalLM'], 'model_type': 'llama', **CONFIG,
    'vocab_size': tokenizer.get_vocab_size(), 'torch_dtype': 'float16',
            'bos_token_id': None, 'eos_token_id': tokenizer.token_to_id('<|end|>'),
            'pad_token_id': tokenizer.token_to_id('<|pad|>'), 'use_cache': True}
  (out / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
  generation = {'eos_token_id': config['eos_token_id'], 'pad_token_id': config['pad_token_id'],
    'do_sample': False, 'max_new_tokens': 128}
  (out / 'generation_config.json').write_text(json.dumps(generation, indent=2) + '\n')
  state = {k: v.detach().to(torch.float16).contiguous() for k,
    v in model.state_dict().items() if k != 'lm_head.weight'}
  save_file(state, out / 'model.safetensors', metadata={'format': 'pt'})


def warm_start(model, tokenizer: Tokenizer, folder: pathlib.Path):
  """Takes over the weights of an earlier starter of the same shape. Tokens that it had under the same
  spelling keep their embedding; a new token starts from the mean of the pieces that the earlier tokeniser
  reads it as."""
  old = load_file(folder / 'model.safetensors')
  before = Tokenizer.from_file(str(folder / 'tokenizer.json'))
  rows = old.pop('model.embed_tokens.weight').float()
  known, table = before.get_vocab(), model.model.embed_tokens.weight.data
  for token, i in tokenizer.get_vocab().items():
    pieces = [known[token]] if token in known else before.encode(tokenizer.decode([i]),
      add_special_tokens=False).ids
    if pieces:
      table[i] = rows[pieces].mean(0)
  model.load_state_dict({k: v.float() for k, v in old.items()}, strict=False)


def main():
  args = argparse.ArgumentParser()
  args.add_argument('--out', type=pathlib.Path, required=True)
  args.add_argument('--state', type=pathlib.Path, default=pathlib.Path('/tmp/starter-state.pt'))
  args.add_argument('--resume', type=pathlib.Path)
  args.add_argument('--warm-start', type=pathlib.Path,
    help='folder of an earlier starter whose weights to begin with')
  args.add_argument('--steps', type=int, default=4500)
  args.add_argument('--fall', type=float, default=0.33,
    help='share of the steps over which the learning rate falls to zero')
  args.add_argument('--tokens', type=int, default=2048)
  args.add_argument('--lr', type=float, default=3e-3)
  args.add_argument('--warmup', type=int, default=100)
  args.add_argument('--save-every', type=int, default=300)
  args.add_argument('--seed', type=int, default=1)
  a = args.parse_args()
  torch.set_num_threads(1)
  torch.manual_seed(a.seed)
  tokenizer = Tokenizer.from_file(str(a.out / 'tokenizer.json'))
  model = LlamaForCausalLM(LlamaConfig(vocab_size=tokenizer.get_vocab_size(), **CONFIG))
  if a.warm_start:
    warm_start(model, tokenizer, a.warm_start)
  decay = [p for p in model.parameters() if p.dim() > 1]
  flat = [p for p in model.parameters() if p.dim() == 1]
  optimizer = torch.optim.AdamW([{'params': decay, 'weight_decay': 0.1},
    {'params': flat, 'weight_decay': 0.0}], lr=a.lr, betas=(0.9, 0.95), fused=True)
  first = 0
  if a.resume:
    state = torch.load(a.resume)
    model.load_state_dict(state['model'])
    optimizer.load_state_dict(state['optimizer'])
    first = state['step']
  model.train()
  # A resumed run draws documents of its own: replaying the stream would cost more than it gives.
  stream = batches(tokenizer, seed=a.seed + first, tokens=a.tokens, spelled=0.06)
  start, seen, mean = time.time(), 0, None
  for step in range(first, a.steps):
    fall = min(1.0, (a.steps - step) / max(1.0, a.fall * a.steps))
    rate = a.lr * min(1.0, (step + 1) / a.warmup) * fall
    for group in optimizer.param_groups:
      group['lr'] = rate
    ids, mask, weights = next(stream)
    loss, _ = loss_of(model, ids, weights)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    if not math.isfinite(loss.item()):
      raise SystemExit(f'step {step + 1}: the loss is {loss.item()}; lower --lr')
    seen += int(mask.sum())
    mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
    if (step + 1) % 50 == 0:
      speed = seen / (time.time() - start)
      print(f'step {step + 1} loss {mean:.4f} norm {float(norm):.2f} lr {rate:.5f} '
            f'{speed:.0f} tok/s {seen} tokens', flush=True)
    if (step + 1) % a.save_every == 0:
      torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'step': step + 1},
        a.state)
      export(model, a.out, tokenizer)
  export(model, a.out, tokenizer)
  print('held out', held_out(model, tokenizer))


if __name__ == '__main__':
  main()

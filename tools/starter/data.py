"""Documents to token batches: buckets of like length, padded, with a weight for every target token."""
import random
from typing import Iterator
import torch
from tokenizers import Tokenizer
from grammar.corpus import documents

# Words that a person might have said need not be predicted well; answers and plain text must.
PROMPT_WEIGHT = 0.25
MAX_TOKENS = 256


def encode(tokenizer: Tokenizer, doc) -> tuple[list[int], list[float]]:
  """Token ids and the weight of each as a target."""
  end = tokenizer.token_to_id('<|end|>')
  if isinstance(doc, str):
    ids = tokenizer.encode(doc).ids + [end]
    return ids, [1.0] * len(ids)
  ids, weights = [], []
  for m in doc:
    body = tokenizer.encode(m['content']).ids + [end]
    w = 1.0 if m['role'] == 'assistant' else PROMPT_WEIGHT
    ids += [tokenizer.token_to_id(f'<|{m["role"]}|>')] + body
    weights += [PROMPT_WEIGHT] + [w] * len(body)
  return ids, weights


def spelling(tokenizer: Tokenizer) -> Tokenizer:
  """The same tokeniser with BPE dropout: it often leaves words in smaller pieces, so that the pieces of words
  never seen are trained too."""
  copy = Tokenizer.from_str(tokenizer.to_str())
  copy.model.dropout = 0.3
  return copy


def batches(tokenizer: Tokenizer, seed: int, tokens: int, pool: int = 3000,
  spelled: float = 0.0) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
  """ids, mask and weights, [rows, length] each, about `tokens` tokens in a batch; a share `spelled` of the
  documents in smaller pieces."""
  stream, rng, speller = documents(seed), random.Random(seed + 1), spelling(tokenizer)
  while True:
    encoded = [e for e in (encode(speller if rng.random() < spelled else tokenizer,
      next(stream)) for _ in range(pool)) if len(e[0]) <= MAX_TOKENS]
    encoded.sort(key=lambda e: len(e[0]))
    groups, group = [], []
    for e in encoded:
      if group and (len(group) + 1) * len(e[0]) > tokens:
        groups.append(group)
        group = []
      group.append(e)
    groups.append(group)
    rng.shuffle(groups)
    for g in groups:
      length = max(len(e[0]) for e in g)
      ids = torch.tensor([e[0] + [0] * (length - len(e[0])) for e in g])
      weights = torch.tensor([e[1] + [0.0] * (length - len(e[1])) for e in g])
      mask = torch.tensor([[1] * len(e[0]) + [0] * (length - len(e[0])) for e in g])
      yield ids, mask, weights

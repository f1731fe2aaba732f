"""The whole corpus: a seeded stream of documents, each a list of chat messages or a plain text."""
import random
from typing import Iterator
from . import facts, knowledge, lookup, numbers, stories, talk, tasks
from .talk import Messages, chat

WORLD_PLACES, FACTS_EACH = 80, 16
SHORT = [
  'Answer in a few words.', 'Answer shortly.', 'Give a short answer.', 'Only the answer, please.',
  'Be brief.',
]
SYSTEM = [
  'You are a helpful assistant.', 'You are a small and friendly model.', 'Answer in plain words.',
  'Be kind and honest.', 'You help people with simple questions.', 'You are a helpful model.',
  'Speak in plain sentences.',
]


def known_fact(rng: random.Random, world: list[list[facts.Fact]]) -> Messages | str:
  """A fact of the fixed world, learnt by heart: asked, asked twice about one place, or stated."""
  place = rng.choice(world)
  f = rng.choice(place)
  r = rng.random()
  if r < 0.74:
    return chat(f.question(rng), f.answer())
  if r < 0.79:
    return chat(f.question(rng), f.short(),
      system=rng.choice(SHORT)) if rng.random() < 0.5 else chat(f'{f.question(rng)} {rng.choice(SHORT)}',
      f.short())
  if r < 0.88:
    g = rng.choice(place)
    return chat(f.question(rng), f.answer(), g.question(rng), g.answer())
  return ' '.join(x.statement(rng) for x in rng.sample(place, rng.randint(1, 4)))


def documents(seed: int) -> Iterator[Messages | str]:
  rng = random.Random(seed)
  world = facts.world(WORLD_PLACES, FACTS_EACH)
  known = {place[0].slots['P'] for place in world}
  mixture = [
    (lambda r: known_fact(r, world), 20),
    (lambda r: tasks.unknown(r, known), 5),
    (lambda r: pick(r, lookup.WRITERS), 14),
    (lambda r: pick(r, talk.WRITERS), 16),
    (lambda r: pick(r, tasks.WRITERS), 12),
    (lambda r: pick(r, knowledge.WRITERS), 24),
    (lambda r: pick(r, numbers.WRITERS), 4),
    (stories.told, 7),
    (stories.plain, 1.5),
    (knowledge.article_text, 1.5),
  ]
  while True:
    doc = pick(rng, mixture)
    if not isinstance(doc, str):
      doc = typed(rng, doc)
      if doc[0]['role'] != 'system' and rng.random() < 0.06:
        doc = [{'role': 'system', 'content': rng.choice(SYSTEM)}] + doc
    yield doc


def typed(rng: random.Random, messages: Messages) -> Messages:
  """Now and then a person types carelessly: no capital letter, no full stop."""
  if rng.random() > 0.12:
    return messages
  out = [dict(m) for m in messages]
  for m in out:
    if m['role'] == 'user' and m['content']:
      if rng.random() < 0.6 and not m['content'].startswith('I '):
        m['content'] = m['content'][0].lower() + m['content'][1:]
      if rng.random() < 0.6:
        m['content'] = m['content'].rstrip('.?!')
  return out


def pick(rng: random.Random, weighted: list) -> Messages | str:
  return rng.choices([w for w, _ in weighted], [p for _, p in weighted])[0](rng)

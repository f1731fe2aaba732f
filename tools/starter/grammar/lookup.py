"""Reading: the answer stands in what was said before. Also copying, repeating, choosing: the plain tools of
following words."""
import random
from . import facts, names, words
from .talk import chat, Messages
from .words import cap

UNKNOWN = 'The text does not say that.'


def read_facts(rng: random.Random) -> Messages:
  """A few facts about one or two places in the system message or the question, one of them asked for."""
  place = names.place(rng) if rng.random() < 0.7 else names.strange(rng)
  n = rng.randint(1, 4)
  pool, asked = [], set()
  while len(pool) < n:
    f = facts.draw(rng, place if rng.random() < 0.75 else names.place(rng))
    key = (f.relation, f.slots['T'], f.slots['P'])
    if key not in asked:
      asked.add(key)
      pool.append(f)
  goal = rng.choice(pool)
  text = ' '.join(f.statement(rng) for f in pool)
  answer = goal.answer()
  if rng.random() < 0.08 and n > 1:
    pool.remove(goal)
    text, answer = ' '.join(f.statement(rng) for f in pool), UNKNOWN
  q = goal.question(rng)
  if rng.random() < 0.08 and answer != UNKNOWN:
    q = f'{q} {rng.choice(["Answer in a few words.", "Give a short answer.", "Be brief."])}'
    answer = goal.short()
  style = rng.randrange(4)
  if style == 0:
    return chat(q, answer, system=text)
  if style == 1:
    return chat(f'{text} {q}', answer)
  if style == 2:
    return chat(text, rng.choice(['I will remember that.', 'Good to know.',
      'Thank you, I will remember it.']), q, answer)
  start = rng.choice(['Read this.', 'Here is a text.', 'Text:', 'Please read.'])
  middle = rng.choice([' Question:', ' Now tell me:', ''])
  return chat(f'{start} {text}{middle} {q}', answer)


def several_questions(rng: random.Random) -> Messages:
  place = names.place(rng)
  pool = [facts.draw(rng, place) for _ in range(rng.randint(2, 3))]
  turns = []
  order = pool[:]
  rng.shuffle(order)
  for f in order:
    turns += [f.question(rng), f.answer()]
  return chat(*turns, system=' '.join(f.statement(rng) for f in pool))


def say(rng: random.Random) -> Messages:
  w = rng.choice(words.OBJECTS + words.ANIMALS + words.COLOURS + names.GIVEN + [names.strange(rng)] * 20)
  k = rng.randrange(5)
  if k == 0:
    n = rng.randint(2, 5)
    return chat(f'Say the word {w} {words.number(n)} times.', cap(' '.join([w] * n)) + '.')
  if k == 1:
    s = facts.draw(rng, names.place(rng)).answer()
    return chat(rng.choice(['Repeat this: {}', 'Say this again: {}', 'Please repeat: {}',
      'Copy this sentence: {}']).format(s), s)
  if k == 2:
    some = rng.sample(words.OBJECTS + words.ANIMALS, rng.randint(2, 4))
    i = rng.randrange(len(some))
    which = ['first', 'second', 'third', 'fourth'][i] if rng.random() < 0.7 or i < len(some) - 1 else 'last'
    return chat(f'Which is the {which} word: {", ".join(some)}?', f'The {which} word is {some[i]}.')
  if k == 3:
    a, b = rng.sample(words.OBJECTS, 2)
    ca, cb = rng.sample(words.COLOURS, 2)
    first = rng.random() < 0.5
    return chat(f'The {a} is {ca} and the {b} is {cb}. ' + rng.choice(['What colour is the {}?',
      'Which colour has the {}?', 'Tell me the colour of the {}.']).format(a if first else b),
      f'The {a if first else b} is {ca if first else cb}.')
  x, y = rng.sample(names.GIVEN, 2)
  t, u = rng.sample(words.OBJECTS, 2)
  first = rng.random() < 0.5
  who, what = (x, t) if first else (y, u)
  ask = rng.choice([f'Who has the {what}?', f'What does {who} have?'])
  return chat(f'{x} has {words.article(t)}. {y} has {words.article(u)}. {ask}', f'{who} has the {what}.')


WRITERS = [(read_facts, 6), (several_questions, 2), (say, 3)]

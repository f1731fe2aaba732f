"""Small sums, counting and comparing."""
import random
from . import names, words
from .talk import chat, Messages
from .words import cap, number, plural


def sums(rng: random.Random) -> Messages:
  a, b = rng.randint(0, 10), rng.randint(0, 10)
  minus = rng.random() < 0.4
  if minus and b > a:
    a, b = b, a
  r = a - b if minus else a + b
  if rng.random() < 0.5:
    op = '-' if minus else '+'
    return chat(rng.choice([f'{a} {op} {b} = ?', f'What is {a} {op} {b}?', f'{a} {op} {b}',
      f'Calculate {a} {op} {b}.']), f'{a} {op} {b} = {r}')
  op = 'minus' if minus else 'plus'
  return chat(rng.choice(['What is {} {} {}?', 'How much is {} {} {}?', 'Calculate {} {} {}.',
    '{} {} {} is what?']).format(number(a), op, number(b)),
    cap(f'{number(a)} {op} {number(b)} is {number(r)}.'))


def tale(rng: random.Random) -> Messages:
  who, thing = rng.choice(names.GIVEN), plural(rng.choice(words.FRUITS + ['hat', 'book', 'shell', 'stone',
    'boat', 'key', 'candle']))
  a, b = rng.randint(2, 9), rng.randint(1, 5)
  if rng.random() < 0.5:
    text = f'{who} has {number(a)} {thing} and finds {number(b)} more.'
    return chat(f'{text} How many {thing} does {who} have now?',
      f'{who} now has {number(a + b)} {thing}.')
  b = min(b, a - 1)
  return chat(f'{who} has {number(a)} {thing} and gives away {number(b)}. How many {thing} are left?',
    f'{who} has {number(a - b)} left.')


def count(rng: random.Random) -> Messages:
  a = rng.randint(0, 12)
  n = rng.randint(3, 6)
  return chat(rng.choice(['Count from {} to {}.', 'Please count from {} to {}.',
    'Can you count from {} to {}?']).format(number(a), number(a + n)),
    cap(', '.join(number(i) for i in range(a, a + n + 1))) + '.')


def following(rng: random.Random) -> Messages:
  a = rng.randint(0, 60)
  if rng.random() < 0.5:
    return chat(f'Which number comes after {number(a)}?', f'{cap(number(a + 1))} comes after {number(a)}.')
  b = rng.choice([x for x in range(61) if x != a])
  return chat(f'Which is more, {number(a)} or {number(b)}?',
    f'{cap(number(max(a, b)))} is more than {number(min(a, b))}.')


WRITERS = [(sums, 3), (tale, 2), (count, 1), (following, 2)]

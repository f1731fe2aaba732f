"""Short stories: someone, somewhere, wants something, something happens, it ends well or teaches
something."""
import random
from . import names, words
from .talk import chat, Messages
from .words import article, cap

WANTS = [
  ('find {o}', 'looked {p1}', ['found {o} {spot}', 'saw {o} {spot}']),
  ('learn to {skill}', 'tried again and again', ['could {skill} at last',
    'learnt to {skill} before the evening']),
  ('make a new friend', 'went {p1}', ['met {other}, and they became friends',
    'said hello to {other}, and they played together']),
  ('see the {place}', 'walked {p1} all day', ['stood in front of the {place} at last',
    'saw the {place} in the evening light']),
  ('help {other}', 'carried the heavy basket', ['made {other} very happy', 'heard {other} say thank you']),
  ('bake a cake', 'mixed flour, eggs and honey', ['shared the cake with {other}',
    'had a warm cake on the table']),
  ('build a small boat', 'cut the wood and tied it with rope',
    ['sailed the boat on the pond', 'gave the boat to {other}']),
  ('go home', 'followed the river', ['saw a light in the window of the house', 'was home before dark']),
]
SKILLS = ['swim', 'sing', 'sail', 'read', 'dance', 'whistle', 'row', 'climb', 'count to ten', 'tie a knot']
WAYS = [
  'in the forest', 'by the river', 'along the shore', 'in the old house', 'behind the mill', 'over the hills',
  'through the market', 'near the harbour',
]
SPOTS = [
  'under a tree', 'behind a door', 'in an old box', 'near the well', 'on the beach', 'under the bed',
  'in the tall grass', 'beside the road',
]
TROUBLES = [
  'Then it began to rain.', 'Suddenly the wind became very strong.', 'But the way was long and dark.',
  'Then the fog came in from the sea.', 'But nobody was there to help.',
  'Then a loud noise came from the {place}.', 'But the bridge was broken.', 'Soon it was cold and dark.',
  'But the first try went wrong.', 'Then {he} lost the way.',
]
FEELINGS = [
  '{N} was afraid, but {he} did not stop.', '{N} sat down and thought for a while.',
  '{N} took a deep breath and went on.', '{N} asked {other} for help.', '{N} did not give up.',
  '"I can do it," said {N}.', '"Do not worry," said {other}.', '"Please help me," said {N}.',
  '{N} was tired, but {he} smiled.', '"What shall I do now?" asked {N}.',
]
ENDINGS = [
  '{N} was very happy.', 'That night {N} slept well.', 'From that day on, {N} was never alone.',
  'Everyone was glad.', 'And {N} never forgot that day.', 'They all went home and ate {food}.',
  'In the end, everything was good.', '{N} smiled and said thank you.', 'And so the day ended well.',
  '{N} learnt that it is good to be {trait}.',
]
OPENINGS = [
  'Once there was {hero}.', 'One day {hero} woke up early.', 'Long ago there lived {hero}.',
  'There once was {hero}.', 'In a small village lived {hero}.', 'Near the {place} lived {hero}.',
  'On a {weather} morning {hero} went out.', 'Once upon a time there was {hero}.',
]


def story(rng: random.Random, animal: str | None = None, topic: str | None = None) -> str:
  """Four to seven sentences. With an animal or a person's trade given, the story is about it."""
  kind = animal or (topic if topic in words.PEOPLE
    else None) or rng.choice(words.ANIMALS + words.PEOPLE + ['girl', 'boy', 'woman', 'man', 'king',
    'queen'] * 3)
  he = {'girl': 'she', 'woman': 'she', 'queen': 'she', 'boy': 'he', 'man': 'he',
    'king': 'he'}.get(kind) or ('it' if kind in words.ANIMALS else rng.choice(['he', 'she']))
  name = rng.choice(names.PET_NAMES if kind in words.ANIMALS
    else [n for n in names.GIVEN if (n in names.WOMEN) == (he == 'she')])
  trait = rng.choice(words.TRAITS)
  place = topic if topic in words.PLACES else rng.choice(words.PLACES)
  other = rng.choice(['an old ' + rng.choice(['man', 'woman', 'sailor', 'baker', 'farmer']),
    'a ' + rng.choice(['young', 'kind', 'little', 'friendly']) + ' ' + rng.choice(words.ANIMALS)])
  thing = rng.choice(['lost', 'little', 'golden', 'red', 'old', 'silver',
    'blue']) + ' ' + (topic if topic in words.OBJECTS else rng.choice(words.OBJECTS))
  slots = dict(N=name, he=he, place=place, other=other, o='the ' + thing, trait=trait,
    skill=rng.choice(SKILLS), p1=rng.choice(WAYS), spot=rng.choice(SPOTS),
    food=rng.choice(words.FOODS + ['bread', 'soup']),
               weather=rng.choice(words.WEATHER), hero=f'a {trait} {kind} called {name}' if trait != 'honest'
               else f'an honest {kind} called {name}')
  want, way, got = (WANTS[0] if topic in words.OBJECTS else WANTS[3] if topic in words.PLACES
    else rng.choice(WANTS))
  s = [rng.choice(OPENINGS), rng.choice(['{N} wanted to ' + want + '.',
    'More than anything, {N} wanted to ' + want + '.', '{N} had one wish: to ' + want + '.']),
    cap(rng.choice(['so {he} ' + way + '.', '{he} ' + way + '.', 'every day {he} ' + way + '.']))]
  if rng.random() < 0.75:
    s.append(rng.choice(TROUBLES))
    s.append(rng.choice(FEELINGS))
  s.append(rng.choice(['At last {he} ', 'Then {he} ', 'In the evening {he} ',
    'Finally, {he} ']) + rng.choice(got) + '.')
  s.append(rng.choice(ENDINGS))
  return ' '.join(cap(x.format(**slots).format(**slots)) for x in s)


ASK = [
  'Tell me a story.', 'Tell me a short story.', 'Please tell me a story.', 'Can you tell me a story?',
  'I would like to hear a story.', 'Write a short story.', 'A story, please.', 'Make up a story.',
]
ASK_ABOUT = [
  'Tell me a story about {}.', 'Tell me a short story about {}.', 'Write a story about {}.',
  'Can you tell me a story about {}?', 'I would like to hear a story about {}.',
  'Please write a short story about {}.', 'Make up a story about {}.',
]


def told(rng: random.Random) -> Messages:
  if rng.random() < 0.25:
    return chat(rng.choice(ASK), story(rng))
  if rng.random() < 0.6:
    a = rng.choice(words.ANIMALS)
    return chat(rng.choice(ASK_ABOUT).format(article(a)), story(rng, animal=a))
  if rng.random() < 0.4:
    a, t = rng.choice(words.ANIMALS + words.PEOPLE), rng.choice(words.PLACES + words.OBJECTS)
    return chat(rng.choice(ASK_ABOUT).format(f'{article(a)} and {article(t)}'), story(rng, animal=a, topic=t))
  t = rng.choice(words.PLACES + words.OBJECTS + words.PEOPLE)
  return chat(rng.choice(ASK_ABOUT).format(article(t)), story(rng, topic=t))


def plain(rng: random.Random) -> str:
  return story(rng)

"""Plain knowledge: what words mean, what kind a thing is, colours, opposites, sounds, order of days,
comparisons."""
import random
from . import words
from .talk import chat, Messages
from .words import THINGS, article, cap, plural

OPPOSITES = [
  ('hot', 'cold'), ('big', 'small'), ('up', 'down'), ('day', 'night'), ('open', 'closed'), ('full', 'empty'),
  ('fast', 'slow'), ('old', 'new'), ('wet', 'dry'), ('hard', 'soft'), ('light', 'dark'), ('left', 'right'),
  ('happy', 'sad'), ('near', 'far'), ('high', 'low'), ('loud', 'quiet'), ('strong', 'weak'),
  ('early', 'late'), ('long', 'short'), ('heavy', 'light'), ('clean', 'dirty'), ('rich', 'poor'),
  ('thick', 'thin'), ('deep', 'shallow'), ('first', 'last'), ('sweet', 'sour'), ('young', 'old'),
  ('begin', 'end'), ('push', 'pull'), ('buy', 'sell'), ('win', 'lose'), ('love', 'hate'), ('true', 'false'),
  ('inside', 'outside'), ('always', 'never'), ('safe', 'dangerous'),
]
SOUNDS = {
  'dog': 'woof', 'cat': 'meow', 'cow': 'moo', 'duck': 'quack', 'sheep': 'baa', 'pig': 'oink', 'hen': 'cluck',
  'owl': 'hoot', 'frog': 'croak', 'bee': 'buzz', 'horse': 'neigh', 'mouse': 'squeak',
}
THING_COLOURS = {
  'grass': 'green', 'snow': 'white', 'a lemon': 'yellow', 'a carrot': 'orange', 'the sky': 'blue',
  'a fox': 'red', 'coal': 'black', 'milk': 'white', 'a leaf': 'green', 'the sun': 'yellow', 'a cherry': 'red',
  'chocolate': 'brown', 'ash': 'grey', 'a banana': 'yellow', 'the sea': 'blue', 'an orange': 'orange',
  'a pig': 'pink', 'a frog': 'green', 'fog': 'grey', 'gold': 'yellow', 'blood': 'red', 'a plum': 'purple',
  'wood': 'brown',
}
HOMES = {
  'bird': 'nest', 'bee': 'hive', 'horse': 'stable', 'dog': 'kennel', 'fish': 'sea', 'sailor': 'ship',
  'king': 'castle', 'bear': 'cave', 'spider': 'web', 'hen': 'henhouse', 'frog': 'pond',
  'keeper': 'lighthouse',
}
CAN = {'bird': (['fly', 'sing', 'build a nest'], ['read', 'drive a car', 'write a letter']),
  'fish': (['swim', 'breathe under water'], ['fly', 'climb a tree', 'walk', 'sing']),
  'dog': (['run', 'bark', 'swim'], ['fly', 'read a book', 'cook soup']),
       'cat': (['climb', 'jump', 'catch a mouse'], ['fly', 'play the drum', 'drive a train']),
       'horse': (['run', 'carry a rider', 'pull a wagon'], ['fly', 'climb a tree', 'read']),
       'sailor': (['sail', 'tie a knot', 'row'], ['breathe under water', 'fly like a bird']),
       'baker': (['bake bread', 'make a cake'], ['fly', 'breathe under water']),
       'bee': (['fly', 'make honey', 'sting'], ['swim', 'read', 'bark']),
       'whale': (['swim', 'dive deep'], ['fly', 'walk', 'climb']),
       'computer': (['count', 'store text'], ['eat', 'sleep', 'smell flowers'])}
WHY = [
  (['Why is the sky dark at night?', 'Why is it dark at night?'],
    'It is dark at night because the sun is on the other side of the earth.'),
  (['Why do we sleep?', 'Why do people sleep?', 'Why must we sleep?'],
    'We sleep because the body and the mind need rest.'),
  (['Why does a boat float?', 'Why do boats float?', 'How does a boat float?'],
    'A boat floats because it pushes the water away and the water pushes back.'),
  (['Why do birds fly south?', 'Why do some birds fly away in winter?'],
    'Some birds fly south in winter because it is warmer there and they find more food.'),
  (['Why do leaves fall?', 'Why do trees lose their leaves?'],
    'Many trees lose their leaves in autumn to save water in the cold winter.'),
  (['Why is the sea salty?', 'Why does the sea taste of salt?'],
    'The sea is salty because rivers carry salt from the stones into it.'),
  (['Why do we eat?', 'Why must people eat?'], 'We eat because food gives us strength.'),
  (['Why does a lighthouse shine?', 'What is a lighthouse for?', 'Why do ships need a lighthouse?'],
    'A lighthouse shines so that ships can see the coast at night.'),
  (['Why do we use an anchor?', 'What is an anchor for?', 'What do sailors do with an anchor?'],
    'An anchor holds the boat so that the wind does not carry it away.'),
  (['What makes the tide?', 'Why does the tide come in?', 'Why is there a tide?'],
    'The moon pulls the water of the sea, and so the tide comes in and goes out.'),
  (['Why do bees like flowers?', 'What do bees do on flowers?'],
    'Bees drink the sweet juice of the flowers and make honey from it.'),
  (['Why do we wear coats?', 'What is a coat for?'], 'We wear coats because they keep us warm and dry.'),
  (['What is snow made of?', 'Where does snow come from?'],
    'Snow is made of frozen water that falls from the clouds.'),
  (['Where does rain come from?', 'Why does it rain?', 'How does rain begin?'],
    'Water rises from the sea into the air, makes clouds, and falls down as rain.'),
  (['What is the sun?', 'Tell me about the sun.'], 'The sun is a star. It gives us light and warmth.'),
  (['What is the moon?', 'Tell me about the moon.'], 'The moon goes around the earth and shines at night.'),
  (['Why do boats need paint?', 'Why are boats painted?'],
    'Paint keeps the water away from the wood, so that the boat lasts longer.'),
  (['How do you mend a leak in a boat?', 'My boat has a leak. What can I do?',
    'How can I repair a leaking boat?'], 'Dry the wood, press fibre into the gap, and cover it with pitch.'),
]
ASK_DEF = [
  'What is {}?', 'What does the word {n} mean?', 'Explain what {} is.', 'Can you tell me what {} is?',
  'Tell me what {} is.', 'Please explain the word {n}.', 'Do you know what {} is?', 'What do we call {}?',
  'Define {n}.', 'what is {}',
]


def definition(rng: random.Random) -> Messages:
  noun, (kind, clause) = rng.choice(list(THINGS.items()))
  return chat(rng.choice(ASK_DEF[:7] + ASK_DEF[8:]).format(article(noun), n=noun), define(noun))


def define(noun: str) -> str:
  kind, clause = THINGS[noun]
  if clause.startswith('is where '):
    return f'{cap(article(noun))} is {article(kind)} {clause[3:]}.'
  return f'{cap(article(noun))} is {article(kind)} {"who" if kind == "person" else "that"} {clause}.'


def reverse_definition(rng: random.Random) -> Messages:
  noun, (kind, clause) = rng.choice([(n, t) for n, t in THINGS.items() if not t[1].startswith('is where')])
  q = rng.choice(['What do we call {} that {}?', 'Which word means {} that {}?', 'Name {} that {}.',
    'I am thinking of {} that {}. What is it?']).format(article(kind), clause)
  return chat(q, rng.choice(['It is {}.', 'That is {}.']).format(article(noun)))


def category(rng: random.Random) -> Messages:
  noun, (kind, _) = rng.choice(list(THINGS.items()))
  if rng.random() < 0.5:
    return chat(rng.choice(['What kind of thing is {}?', 'To which kind does {} belong?',
      'Is {} an animal, a tool or something else?']).format(article(noun)),
      f'{cap(article(noun))} is {article(kind)}.')
  other = kind if rng.random() < 0.5 else rng.choice(['animal', 'fruit', 'tool', 'vessel', 'building',
    'person', 'plant'])
  if other in ('animal',) and kind in ('bird', 'insect'):
    other = kind
  yes = other == kind
  return chat(f'Is {article(noun)} {article(other)}?',
    f'Yes, {article(noun)} is {article(kind)}.' if yes
    else f'No, {article(noun)} is not {article(other)}. It is {article(kind)}.')


def opposite(rng: random.Random) -> Messages:
  a, b = rng.choice(OPPOSITES)
  if rng.random() < 0.4 and a != 'heavy' and b != 'light' and b != 'old':
    a, b = b, a
  return chat(rng.choice(['What is the opposite of {}?', 'Tell me the opposite of {}.',
    'Which word is the opposite of {}?', 'The opposite of {} is what?']).format(a),
    f'The opposite of {a} is {b}.')


def sound(rng: random.Random) -> Messages:
  a, s = rng.choice(list(SOUNDS.items()))
  if rng.random() < 0.3:
    return chat(rng.choice([f'Which animal says {s}?', f'Who says {s}?']), f'{cap(article(a))} says {s}.')
  return chat(rng.choice(['What does {} say?', 'Which sound does {} make?',
    'How does {} sound?']).format(article(a)), f'{cap(article(a))} says {s}.')


def colour(rng: random.Random) -> Messages:
  t, c = rng.choice(list(THING_COLOURS.items()))
  return chat(rng.choice(['What colour is {}?', 'Which colour does {} have?', 'Tell me the colour of {}.',
    'What is the colour of {}?']).format(t), f'{cap(t)} is {c}.')


def home(rng: random.Random) -> Messages:
  a, h = rng.choice(list(HOMES.items()))
  where = 'the sea' if h == 'sea' else article(h)
  return chat(rng.choice(['Where does {} live?', 'What is the home of {}?',
    'In what place does {} live?']).format(article(a)),
    f'{cap(article(a))} lives in {where}.' if h != 'web' else 'A spider lives in its web.')


def can(rng: random.Random) -> Messages:
  a, (yes, no) = rng.choice(list(CAN.items()))
  if rng.random() < 0.5:
    v = rng.choice(yes)
    return chat(f'Can {article(a)} {v}?', f'Yes, {article(a)} can {v}.')
  v = rng.choice(no)
  return chat(f'Can {article(a)} {v}?', f'No, {article(a)} cannot {v}.')


def why(rng: random.Random) -> Messages:
  q, a = rng.choice(WHY)
  return chat(rng.choice(q), a)


def order(rng: random.Random) -> Messages:
  name, seq = rng.choice([('day', words.DAYS), ('month', words.MONTHS), ('season', words.SEASONS)])
  i = rng.randrange(len(seq))
  after, here = seq[(i + 1) % len(seq)], seq[i]
  if rng.random() < 0.6:
    return chat(rng.choice(['Which {k} comes after {}?', 'What {k} follows {}?',
      'What comes after {}?']).format(here, k=name), f'{cap(after)} comes after {here}.')
  return chat(rng.choice(['Which {k} comes before {}?', 'What comes before {}?']).format(after, k=name),
    f'{cap(here)} comes before {after}.')


def listing(rng: random.Random) -> Messages:
  what, pool = rng.choice([('animals', words.ANIMALS), ('colours', words.COLOURS), ('fruits', words.FRUITS),
    ('vegetables', words.VEGETABLES), ('days', words.DAYS), ('months', words.MONTHS),
    ('things', words.OBJECTS), ('places', words.PLACES),
                           ('jobs', words.PEOPLE)])
  n = rng.randint(2, 4)
  some = rng.sample(pool, n)
  text = ', '.join(some[:-1]) + ' and ' + some[-1]
  return chat(rng.choice(['Name {} {}.', 'Give me {} {}.', 'Can you name {} {}?', 'List {} {}.',
    'Tell me {} {}.']).format(words.number(n), what), f'{cap(text)}.')


def article_text(rng: random.Random) -> str:
  """A few plain sentences about one kind of thing, without a chat around them."""
  noun = rng.choice([n for n in THINGS if n not in words.MASS])
  kind, _ = THINGS[noun]
  p, more = plural(noun), []
  if noun in SOUNDS:
    more.append(f'{cap(article(noun))} says {SOUNDS[noun]}.')
  if noun in CAN:
    yes, no = CAN[noun]
    able = f'{cap(article(noun))} can {rng.choice(yes)}'
    more.append(f'{able}.' if kind == 'person' else f'{able}, but it cannot {rng.choice(no)}.')
  more += rng.sample([f'Some {p} are {rng.choice(words.SIZES)}, and some are {rng.choice(words.SIZES)}.',
    f'Many people like {p}.', f'There are many {p} in the world.', f'You can see {p} in many countries.',
    f'People have known {p} for a long time.',
                      f'Children like to draw {p}.', f'{cap(p)} can be found in many places.',
                        f'{cap(p)} are well known.', f'There are old stories about {p}.'], rng.randint(1, 3))
  rng.shuffle(more)
  return ' '.join([define(noun)] + more)


def tell_about(rng: random.Random) -> Messages:
  text = article_text(rng)
  noun = text.split(' is ')[0].split(' ', 1)[1]
  return chat(rng.choice(['Tell me about {p}.', 'Tell me something about {p}.', 'What do you know about {p}?',
    'Write about {p}.', 'Write a few sentences about {p}.', 'Describe {a}.']).format(p=plural(noun),
    a=article(noun)), text)


WRITERS = [
  (definition, 7), (reverse_definition, 3), (category, 2), (opposite, 2), (sound, 1), (colour, 1.5),
  (home, 1), (can, 1.5), (why, 3), (order, 1.5), (listing, 1.5), (tell_about, 3),
]

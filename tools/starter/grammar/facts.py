"""Facts about invented places: what can be asked, in how many ways, and how it is answered.

A fact is a relation with its slots filled: s (the thing asked about, "the mill at Corvale"), v (the value,
what nobody can guess) and whatever else the relation needs. The same phrasings serve facts that the model
learns by heart (one fixed world) and facts that it only reads in its context (drawn anew each time), so
tuning on a new place has to teach facts, not how to read a question.
"""
import random
from dataclasses import dataclass, field
from . import names, words
from .relations import RELATIONS
from .words import number

SITES = [
  'mill', 'school', 'bakery', 'library', 'ferry', 'station', 'lighthouse', 'chapel', 'market hall',
  'boat yard', 'inn', 'museum', 'bell tower', 'bridge', 'farm', 'observatory', 'mine', 'orchard', 'castle',
  'post office', 'harbour office', 'net loft', 'dairy', 'smithy', 'tower', 'light', 'mail boat', 'slipway',
  'signal mast', 'crane', 'wharf', 'lifeboat', 'oil store', 'rope walk',
]
PARTS = [
  'steps', 'windows', 'doors', 'ropes', 'bells', 'hooks', 'shelves', 'lamps', 'oars', 'beds', 'barrels',
  'chairs', 'mirrors', 'wheels', 'ladders', 'lanterns', 'keys', 'stones', 'benches', 'rooms', 'posts', 'nets',
  'buckets', 'planks', 'pulleys', 'rivets',
]
SPOTS = [
  'behind the chapel', 'under the stairs', 'in the green shed', 'next to the well', 'on the north wall',
  'above the stable', 'in the blue cupboard', 'below the clock', 'beside the old oak', 'in the cellar',
  'on the top shelf', 'by the east gate', 'under the long bench', 'in a tin chest', 'behind the stove',
  'at the end of the pier', 'in the loft', 'over the main door', 'between the two wells', 'in the white hut',
  'on the flat rock', 'near the fish market', 'inside the hollow tree', 'on the second landing',
  'in the captain\'s room', 'under the red boat', 'in the salt barn', 'beyond the third field',
]
COINS = [
  'pennies', 'crowns', 'shillings', 'florins', 'copper rings', 'marks', 'groats', 'silver coins', 'tokens',
]
FINES = [
  'buckets of coal', 'loaves of bread', 'sacks of flour', 'jars of honey', 'baskets of peat', 'dozen eggs',
  'coils of rope', 'barrels of tar', 'bundles of wood', 'bags of salt', 'rounds of cheese', 'pots of jam',
]
USES = [
  'warm tallow and ash', 'salt and vinegar', 'beeswax', 'linseed oil', 'fine sand', 'goose fat', 'pine tar',
  'soft soap', 'chalk and milk', 'lemon juice', 'wet straw', 'fish oil', 'clove oil', 'old wool',
  'crushed shells', 'black soap', 'birch sap', 'cold tea', 'oakum and pitch', 'sheep grease',
  'a hare\'s foot', 'walnut oil', 'wood ash', 'rose water', 'moss and honey', 'sand and lemon', 'cider',
  'hot pitch', 'chalk', 'salt water', 'candle wax',
]
TASKS = [
  ('clean', 'cleaned'), ('paint', 'painted'), ('oil', 'oiled'), ('check', 'checked'), ('polish', 'polished'),
  ('wash', 'washed'), ('count', 'counted'), ('mend', 'mended'), ('empty', 'emptied'), ('wind up', 'wound up'),
  ('air', 'aired'), ('tar', 'tarred'), ('scrub', 'scrubbed'), ('sweep', 'swept'), ('grease', 'greased'),
  ('test', 'tested'), ('caulk', 'caulked'), ('dry', 'dried'), ('fill', 'filled'), ('seal', 'sealed'),
]
RULES = [
  'ring the bell twice', 'take off your boots', 'sign the blue book', 'ask the keeper', 'count to forty',
  'light a candle', 'wash your hands', 'show a copper token', 'knock three times', 'wait for the tide',
  'wet the rope', 'turn the lamp down', 'tell the baker', 'pay two pennies', 'wear a red cap',
  'raise the white flag', 'feed the goat', 'read the slate', 'close the shutters', 'bow to the old bell',
  'blow the horn', 'tie a double knot', 'write down your name', 'whisper the password', 'call out the depth',
  'chalk the keel', 'salt the deck', 'pour milk on the step', 'pour water on the mast', 'kiss the anchor',
  'blow out the lamp', 'give two long whistles', 'launch a small boat',
]
ACTS = [
  'moor at the {t}', 'launch the {t}', 'enter the {t}', 'leave the {t}', 'open the {t}', 'repair the {t}',
  'close the {t}', 'sleep in the {t}', 'climb the {t}', 'use the {t}',
]
BANNED = [
  'whistling', 'eating onions', 'wearing red hats', 'wearing loud boots', 'running', 'opening umbrellas',
  'singing', 'playing cards', 'smoking a pipe', 'wearing wet coats', 'talking about pigs', 'throwing stones',
  'walking in bare feet', 'counting money', 'sleeping', 'bringing dogs', 'beating drums', 'using green paint',
  'sharpening knives', 'clapping', 'carrying eggs', 'using borrowed tools', 'lighting candles', 'swearing',
  'feeding cats', 'counting aloud', 'boiling tar',
]
OFFENCES = [
  'being late', 'losing a key', 'leaving a gate open', 'shouting at night', 'breaking a lamp',
  'cutting a rope', 'spilling oil', 'waking the keeper', 'feeding the gulls', 'moving a buoy',
  'ringing the bell for fun', 'dropping a hammer', 'forgetting the log', 'blocking the slipway',
]
SIGNALS = [
  '{c} flag', '{c} lantern', '{c} ball', '{c} pennant', '{c} smoke', '{c} light', '{c} cross', '{c} ribbon',
]
MEANINGS = [
  'the bridge is closed', 'the doctor is needed', 'fresh bread is ready', 'a storm is coming',
  'the road is open', 'the ferry is full', 'the water is too low', 'a ship is lost', 'the school is closed',
  'fish is for sale', 'everyone must come home', 'the mail has come', 'the channel is clear',
  'there is ice ahead', 'the pilot is on board', 'the market is over', 'no boat may leave',
  'a guest is coming', 'the well is dry', 'the mine is safe', 'help is on the way', 'the wind will turn',
  'the cook is asleep', 'the train is late', 'there is a whale in the bay', 'the keeper is ill',
  'the boat is early',
]
TIMES = [f'{h} in the {p}' for h in ('five', 'six', 'seven', 'eight', 'nine', 'ten',
  'eleven') for p in ('morning', 'evening')] + [
  'half past four', 'half past two', 'noon', 'midnight', 'first light', 'sunset', 'the second bell',
    'the turn of the tide', 'quarter past three',
  'quarter to eight', 'dawn', 'half past nine', 'an hour after sunset', 'an hour before dawn',
  'twenty to six', 'the third bell', 'low water', 'high water']
UNITS = {
  'long': ['metres', 'feet', 'fathoms', 'paces'], 'tall': ['metres', 'feet', 'spans'],
  'deep': ['fathoms', 'feet', 'metres'], 'heavy': ['pounds', 'stones', 'tons'],
  'wide': ['feet', 'paces', 'metres'],
}
NOUNS = {'long': 'length', 'tall': 'height', 'deep': 'depth', 'heavy': 'weight', 'wide': 'width'}
EVENTS = [
  'harvest night', 'the first day of spring', 'midsummer', 'the last day of the year', 'launch day',
  'lamp night', 'market day', 'the feast of bells', 'the captain\'s birthday', 'the longest night',
  'boat day', 'founders\' day',
]
BEASTS = [
  'goat', 'cat', 'dog', 'owl', 'hen', 'duck', 'goose', 'donkey', 'seal', 'raven', 'parrot', 'pig', 'horse',
  'otter',
]


MANY = [
  'nets', 'sails', 'ropes', 'lamps', 'boats', 'oars', 'windows', 'barrels', 'tools', 'masts', 'hulls',
  'planks', 'flags', 'benches', 'hooks', 'anchors', 'shutters', 'buoys', 'chains', 'stairs', 'books', 'bells',
]
# The relations that can be asked of many things at once.
OF_MANY = {'material', 'uses', 'often', 'day', 'done', 'where', 'colour', 'maker', 'keeper'}
_AGREE = [
  ('{s} is ', '{s} are '), (' is {s}', ' are {s}'), ('{s} was ', '{s} were '), ('was {s}', 'were {s}'),
  ('does {s} have', 'do {s} have'), ('{s} has ', '{s} have '), ('does {s} stand', 'do {s} stand'),
  ('looks after it', 'looks after them'), ('Where is it', 'Where are they'), (' is {s}?', ' are {s}?'),
  ('{s} is.', '{s} are.'), ('{s} is?', '{s} are?'), ('of {s} are ', 'of {s} is '),
  ('of {s} were ', 'of {s} was '),
]


def agree(template: str, thing: str) -> str:
  """The template with its verbs in the plural where the thing is many things."""
  if thing in MANY:
    for one, many in _AGREE:
      template = template.replace(one, many)
  return template


@dataclass
class Fact:
  relation: str
  slots: dict = field(default_factory=dict)

  def question(self, rng: random.Random) -> str:
    # The thing may be named in another way than in the answer: "the Corvale mill", "the mill of Corvale".
    s = thing_at(rng, self.slots['T'], self.slots['P'])
    return words.cap(agree(rng.choice(RELATIONS[self.relation]['ask']),
      self.slots['T']).format(**{**self.slots, 's': s}))

  def answer(self) -> str:
    return words.cap(agree(RELATIONS[self.relation]['say'][0], self.slots['T']).format(**self.slots))

  def statement(self, rng: random.Random) -> str:
    return words.cap(agree(rng.choice(RELATIONS[self.relation]['say']), self.slots['T']).format(**self.slots))

  def short(self) -> str:
    return words.cap(self.slots['v']) + '.'


def thing_at(rng: random.Random, site: str, place: str) -> str:
  return rng.choice(['the {0} at {1}', 'the {0} at {1}', 'the {0} of {1}', 'the {1} {0}']).format(site, place)


def draw(rng: random.Random, place: str, relation: str | None = None, site: str | None = None) -> Fact:
  """A fact about something at the place, with a value drawn at random."""
  relation = relation or rng.choice(list(RELATIONS))
  site = site or rng.choice(SITES)
  # Often the thing is smaller than the site: the door, the lamp.
  thing = (site if rng.random() < 0.6 else rng.choice(['lamp', 'door', 'roof', 'bell', 'clock', 'flag',
    'horn', 'well', 'big rope', 'old boat',
                                                               'main gate', 'spare key', 'log book', 'anchor',
                                                               'foghorn', 'pump', 'medicine chest', 'lens',
                                                               'oven', 'ladder']))
  if relation in OF_MANY and rng.random() < 0.2:
    thing = rng.choice(MANY)
  f = {'T': thing, 'P': place, 's': f'the {thing} at {place}'}
  b, d = rng.choice(TASKS)
  if relation in ('keeper', 'maker'):
    v = names.person(rng)
  elif relation == 'teacher':
    f.update(w=rng.choice(names.GIVEN), a=rng.choice(['row', 'sail', 'bake', 'read the sky', 'mend nets',
      'splice rope', 'carve wood', 'play the drum', 'swim', 'read maps', 'caulk a hull', 'weave']))
    v = names.person(rng)
  elif relation == 'name':
    v = rng.choice(names.THING_NAMES)
  elif relation == 'colour':
    v = rng.choice(words.COLOURS) if rng.random() < 0.5 else ' and '.join(rng.sample(words.COLOURS, 2))
  elif relation == 'material':
    v = rng.choice(words.MATERIALS)
  elif relation == 'count':
    f.update(p=rng.choice(PARTS))
    v = number(rng.choice([rng.randint(2, 20), rng.randint(2, 40), rng.randint(20, 99),
      rng.randint(1, 3) * 100 + rng.randint(0, 30)]))
  elif relation == 'measure':
    m = rng.choice(list(UNITS))
    f.update(m=m, n=NOUNS[m])
    v = number(rng.randint(3, 99)) + ' ' + rng.choice(UNITS[m])
  elif relation in ('open', 'close'):
    v = rng.choice(TIMES)
  elif relation == 'done':
    b, d = rng.choice(TASKS + [('light', 'lit'), ('ring', 'rung'), ('lower', 'lowered'), ('raise', 'raised')])
    f.update(b=b, d=d)
    v = rng.choice(TIMES)
  elif relation == 'where':
    v = rng.choice(SPOTS)
  elif relation == 'price':
    v = number(rng.randint(2, 40)) + ' ' + rng.choice(COINS)
  elif relation == 'often':
    f.update(b=b, d=d)
    v = number(rng.randint(2, 30)) + ' ' + rng.choice(['days', 'weeks', 'hours', 'months', 'nights',
      'minutes', 'seconds'])
  elif relation == 'day':
    f.update(b=b, d=d)
    v = rng.choice(words.DAYS)
  elif relation == 'signal':
    f.update(g=words.article(rng.choice(SIGNALS).format(c=rng.choice(words.COLOURS))))
    v = rng.choice(MEANINGS)
  elif relation == 'before':
    f.update(a=rng.choice(ACTS).format(t=site))
    v = rng.choice(RULES)
  elif relation == 'banned':
    v = rng.choice(BANNED)
  elif relation == 'fine':
    f.update(o=rng.choice(OFFENCES))
    v = number(rng.randint(2, 12)) + ' ' + rng.choice(FINES)
  elif relation == 'uses':
    f.update(b=b, d=d)
    v = rng.choice(USES)
  elif relation == 'year':
    v = str(rng.randint(1400, 1990))
  elif relation == 'meal':
    f.update(e=rng.choice(EVENTS))
    v = rng.choice(words.FOODS)
  else:
    v = words.article(rng.choice(BEASTS))
  f['v'] = v
  return Fact(relation, f)


def world(places: int, facts_each: int, seed: int = 7) -> list[list[Fact]]:
  """The fixed world that the model learns by heart: one list of facts for each invented place."""
  rng = random.Random(seed)
  seen, out = set(), []
  while len(out) < places:
    name = names.place(rng)
    if name in seen:
      continue
    seen.add(name)
    kinds = list(RELATIONS) * 2
    rng.shuffle(kinds)
    asked, facts = set(), []
    for relation in kinds:
      fact = draw(rng, name, relation)
      key = RELATIONS[relation]['ask'][0].format(**fact.slots)
      if key not in asked:
        asked.add(key)
        facts.append(fact)
      if len(facts) == facts_each:
        break
    out.append(facts)
  return out

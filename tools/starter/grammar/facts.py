"""Facts about invented places: what can be asked, in how many ways, and how it is answered.

A fact is a relation with its slots filled: s (the thing asked about, "the mill at Corvale"), v (the value, what nobody can guess) and
whatever else the relation needs. The same phrasings serve facts that the model learns by heart (one fixed world) and facts that it
only reads in its context (drawn anew each time), so tuning on a new place has to teach facts, not how to read a question.
"""
import random
from dataclasses import dataclass, field
from . import names, words
from .words import number

SITES = ['mill', 'school', 'bakery', 'library', 'ferry', 'station', 'lighthouse', 'chapel', 'market hall', 'boat yard', 'inn', 'museum',
         'bell tower', 'bridge', 'farm', 'observatory', 'mine', 'orchard', 'castle', 'post office', 'harbour office', 'net loft', 'dairy',
         'smithy', 'tower', 'light', 'mail boat', 'slipway', 'signal mast', 'crane', 'wharf', 'lifeboat', 'oil store', 'rope walk']
PARTS = ['steps', 'windows', 'doors', 'ropes', 'bells', 'hooks', 'shelves', 'lamps', 'oars', 'beds', 'barrels', 'chairs', 'mirrors',
         'wheels', 'ladders', 'lanterns', 'keys', 'stones', 'benches', 'rooms', 'posts', 'nets', 'buckets', 'planks', 'pulleys', 'rivets']
SPOTS = ['behind the chapel', 'under the stairs', 'in the green shed', 'next to the well', 'on the north wall', 'above the stable',
         'in the blue cupboard', 'below the clock', 'beside the old oak', 'in the cellar', 'on the top shelf', 'by the east gate',
         'under the long bench', 'in a tin chest', 'behind the stove', 'at the end of the pier', 'in the loft', 'over the main door',
         'between the two wells', 'in the white hut', 'on the flat rock', 'near the fish market', 'inside the hollow tree',
         'on the second landing', 'in the captain\'s room', 'under the red boat', 'in the salt barn', 'beyond the third field']
COINS = ['pennies', 'crowns', 'shillings', 'florins', 'copper rings', 'marks', 'groats', 'silver coins', 'tokens']
FINES = ['buckets of coal', 'loaves of bread', 'sacks of flour', 'jars of honey', 'baskets of peat', 'dozen eggs', 'coils of rope',
         'barrels of tar', 'bundles of wood', 'bags of salt', 'rounds of cheese', 'pots of jam']
USES = ['warm tallow and ash', 'salt and vinegar', 'beeswax', 'linseed oil', 'fine sand', 'goose fat', 'pine tar', 'soft soap', 'chalk and milk',
        'lemon juice', 'wet straw', 'fish oil', 'clove oil', 'old wool', 'crushed shells', 'black soap', 'birch sap', 'cold tea', 'oakum and pitch',
        'sheep grease', 'a hare\'s foot', 'walnut oil', 'wood ash', 'rose water', 'moss and honey', 'sand and lemon', 'cider', 'hot pitch', 'chalk', 'salt water', 'candle wax']
TASKS = [('clean', 'cleaned'), ('paint', 'painted'), ('oil', 'oiled'), ('check', 'checked'), ('polish', 'polished'), ('wash', 'washed'),
         ('count', 'counted'), ('mend', 'mended'), ('empty', 'emptied'), ('wind up', 'wound up'), ('air', 'aired'), ('tar', 'tarred'),
         ('scrub', 'scrubbed'), ('sweep', 'swept'), ('grease', 'greased'), ('test', 'tested'), ('caulk', 'caulked'), ('dry', 'dried'), ('fill', 'filled'), ('seal', 'sealed')]
RULES = ['ring the bell twice', 'take off your boots', 'sign the blue book', 'ask the keeper', 'count to forty', 'light a candle', 'wash your hands',
         'show a copper token', 'knock three times', 'wait for the tide', 'wet the rope', 'turn the lamp down', 'tell the baker', 'pay two pennies',
         'wear a red cap', 'raise the white flag', 'feed the goat', 'read the slate', 'close the shutters', 'bow to the old bell', 'blow the horn',
         'tie a double knot', 'write down your name', 'whisper the password', 'call out the depth', 'chalk the keel', 'salt the deck', 'pour milk on the step', 'pour water on the mast', 'kiss the anchor', 'blow out the lamp', 'give two long whistles', 'launch a small boat']
ACTS = ['moor at the {t}', 'launch the {t}', 'enter the {t}', 'leave the {t}', 'open the {t}', 'repair the {t}', 'close the {t}', 'sleep in the {t}', 'climb the {t}', 'use the {t}']
BANNED = ['whistling', 'eating onions', 'wearing red hats', 'wearing loud boots', 'running', 'opening umbrellas', 'singing', 'playing cards', 'smoking a pipe', 'wearing wet coats',
          'talking about pigs', 'throwing stones', 'walking in bare feet', 'counting money', 'sleeping', 'bringing dogs', 'beating drums', 'using green paint', 'sharpening knives', 'clapping',
          'carrying eggs', 'using borrowed tools', 'lighting candles', 'swearing', 'feeding cats', 'counting aloud', 'boiling tar']
OFFENCES = ['being late', 'losing a key', 'leaving a gate open', 'shouting at night', 'breaking a lamp', 'cutting a rope', 'spilling oil', 'waking the keeper',
            'feeding the gulls', 'moving a buoy', 'ringing the bell for fun', 'dropping a hammer', 'forgetting the log', 'blocking the slipway']
SIGNALS = ['{c} flag', '{c} lantern', '{c} ball', '{c} pennant', '{c} smoke', '{c} light', '{c} cross', '{c} ribbon']
MEANINGS = ['the bridge is closed', 'the doctor is needed', 'fresh bread is ready', 'a storm is coming', 'the road is open', 'the ferry is full',
            'the water is too low', 'a ship is lost', 'the school is closed', 'fish is for sale', 'everyone must come home', 'the mail has come',
            'the channel is clear', 'there is ice ahead', 'the pilot is on board', 'the market is over', 'no boat may leave', 'a guest is coming',
            'the well is dry', 'the mine is safe', 'help is on the way', 'the wind will turn', 'the cook is asleep', 'the train is late', 'there is a whale in the bay', 'the keeper is ill', 'the boat is early']
TIMES = [f'{h} in the {p}' for h in ('five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven') for p in ('morning', 'evening')] + [
  'half past four', 'half past two', 'noon', 'midnight', 'first light', 'sunset', 'the second bell', 'the turn of the tide', 'quarter past three',
  'quarter to eight', 'dawn', 'half past nine', 'an hour after sunset', 'an hour before dawn', 'twenty to six', 'the third bell', 'low water', 'high water']
UNITS = {'long': ['metres', 'feet', 'fathoms', 'paces'], 'tall': ['metres', 'feet', 'spans'], 'deep': ['fathoms', 'feet', 'metres'],
         'heavy': ['pounds', 'stones', 'tons'], 'wide': ['feet', 'paces', 'metres']}
NOUNS = {'long': 'length', 'tall': 'height', 'deep': 'depth', 'heavy': 'weight', 'wide': 'width'}
EVENTS = ['harvest night', 'the first day of spring', 'midsummer', 'the last day of the year', 'launch day', 'lamp night', 'market day', 'the feast of bells',
          'the captain\'s birthday', 'the longest night', 'boat day', 'founders\' day']
BEASTS = ['goat', 'cat', 'dog', 'owl', 'hen', 'duck', 'goose', 'donkey', 'seal', 'raven', 'parrot', 'pig', 'horse', 'otter']


MANY = ['nets', 'sails', 'ropes', 'lamps', 'boats', 'oars', 'windows', 'barrels', 'tools', 'masts', 'hulls', 'planks', 'flags', 'benches', 'hooks', 'anchors', 'shutters', 'buoys', 'chains', 'stairs', 'books', 'bells']
# The relations that can be asked of many things at once.
OF_MANY = {'material', 'uses', 'often', 'day', 'done', 'where', 'colour', 'maker', 'keeper'}
_AGREE = [('{s} is ', '{s} are '), (' is {s}', ' are {s}'), ('{s} was ', '{s} were '), ('was {s}', 'were {s}'), ('does {s} have', 'do {s} have'), ('{s} has ', '{s} have '), ('does {s} stand', 'do {s} stand'), ('looks after it', 'looks after them'),
          ('Where is it', 'Where are they'), (' is {s}?', ' are {s}?'), ('{s} is.', '{s} are.'), ('{s} is?', '{s} are?'),
          ('of {s} are ', 'of {s} is '), ('of {s} were ', 'of {s} was ')]


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
    # The thing may be named in another way than the answer names it: "the Corvale mill", "the mill of Corvale".
    s = thing_at(rng, self.slots['T'], self.slots['P'])
    return words.cap(agree(rng.choice(RELATIONS[self.relation]['ask']), self.slots['T']).format(**{**self.slots, 's': s}))

  def answer(self) -> str:
    return words.cap(agree(RELATIONS[self.relation]['say'][0], self.slots['T']).format(**self.slots))

  def statement(self, rng: random.Random) -> str:
    return words.cap(agree(rng.choice(RELATIONS[self.relation]['say']), self.slots['T']).format(**self.slots))

  def short(self) -> str:
    return words.cap(self.slots['v']) + '.'


# relation -> ways to ask, and ways to say it (the first is how a question is answered).
RELATIONS = {
  'keeper': {
    'ask': ['who looks after {s}?', 'who is in charge of {s}?', 'who takes care of {s}?', 'name the person who looks after {s}.',
            'who is the keeper of {s}?', 'which person looks after {s}?', 'tell me who looks after {s}.', 'who keeps {s}?',
            'who is responsible for {s}?', 'do you know who looks after {s}?', 'whose job is it to look after {s}?', '{s}: who looks after it?',
            'what is the name of the keeper of {s}?', 'who runs {s}?'],
    'say': ['{v} looks after {s}.', 'the keeper of {s} is {v}.', '{s} is looked after by {v}.', '{v} is in charge of {s}.', '{v} keeps {s}.']},
  'maker': {
    'ask': ['who built {s}?', 'who made {s}?', 'by whom was {s} built?', 'name the builder of {s}.', 'who was the builder of {s}?',
            'tell me who built {s}.', 'which person built {s}?', 'do you know who made {s}?', 'whose work is {s}?', '{s} was built by whom?'],
    'say': ['{v} built {s}.', '{s} was built by {v}.', 'the builder of {s} was {v}.', '{s} was made by {v}.']},
  'teacher': {
    'ask': ['who taught {w} to {a}?', 'from whom did {w} learn to {a}?', 'who was it that taught {w} to {a}?', 'name the person who taught {w} to {a}.',
            'who showed {w} how to {a}?', 'who did {w} learn from to {a}?'],
    'say': ['{v} taught {w} to {a}.', '{w} learnt to {a} from {v}.', 'it was {v} who taught {w} to {a}.']},
  'name': {
    'ask': ['what is {s} called?', 'what is the name of {s}?', 'what do people call {s}?', 'tell me the name of {s}.', 'how do people call {s}?',
            'by what name is {s} known?', 'which name does {s} have?', 'do you know what {s} is called?', 'give me the name of {s}.', 'what name was given to {s}?'],
    'say': ['{s} is called {v}.', 'the name of {s} is {v}.', 'people call {s} {v}.', '{s} is known as {v}.']},
  'colour': {
    'ask': ['what colour is {s}?', 'which colour does {s} have?', 'what is the colour of {s}?', 'in which colour is {s} painted?', 'tell me the colour of {s}.',
            'how is {s} painted?', 'do you know the colour of {s}?', 'what colour has {s} been painted?', 'which colour is {s}?'],
    'say': ['{s} is {v}.', 'the colour of {s} is {v}.', '{s} is painted {v}.']},
  'material': {
    'ask': ['what is {s} made of?', 'which material is {s} made of?', 'out of what is {s} made?', 'what material was used for {s}?', 'tell me what {s} is made of.',
            'from what is {s} made?', 'of which material is {s}?', 'what was used to make {s}?', 'what is {s} built from?'],
    'say': ['{s} is made of {v}.', '{s} is built from {v}.', 'people made {s} out of {v}.']},
  'count': {
    'ask': ['how many {p} does {s} have?', 'what is the number of {p} in {s}?', 'how many {p} are there in {s}?', 'count the {p} of {s}.', 'tell me how many {p} {s} has.',
            'do you know how many {p} {s} has?', 'how many {p} has {s}?', 'how many {p} can you count in {s}?', 'give me the number of {p} of {s}.',
            'how many {p} belong to {s}?', '{s} has how many {p}?', 'how many {p} would I find in {s}?'],
    'say': ['{s} has {v} {p}.', 'there are {v} {p} in {s}.', 'the number of {p} in {s} is {v}.', '{v} {p} belong to {s}.']},
  'measure': {
    'ask': ['how {m} is {s}?', 'what is the {n} of {s}?', 'tell me how {m} {s} is.', 'do you know how {m} {s} is?', 'give me the {n} of {s}.', 'which {n} does {s} have?',
            'how {m} would you say {s} is?', 'just how {m} is {s}?'],
    'say': ['{s} is {v} {m}.', 'the {n} of {s} is {v}.', '{s} has a {n} of {v}.']},
  'open': {
    'ask': ['when does {s} open?', 'at what time does {s} open?', 'what time does {s} open?', 'when can I go into {s}?', 'tell me when {s} opens.', 'from what time is {s} open?',
            'do you know when {s} opens?', 'what is the opening time of {s}?', 'when are the doors of {s} opened?', 'how early does {s} open?'],
    'say': ['{s} opens at {v}.', 'at {v} {s} opens.', 'the opening time of {s} is {v}.']},
  'close': {
    'ask': ['when does {s} close?', 'at what time does {s} close?', 'what time does {s} close?', 'until when is {s} open?', 'tell me when {s} closes.', 'how late is {s} open?',
            'do you know when {s} closes?', 'what is the closing time of {s}?', 'when are the doors of {s} shut?', 'when is {s} shut?'],
    'say': ['{s} closes at {v}.', 'at {v} {s} closes.', 'the closing time of {s} is {v}.']},
  'done': {
    'ask': ['when is {s} {d}?', 'at what time is {s} {d}?', 'what time is {s} {d}?', 'tell me when {s} is {d}.', 'when do people {b} {s}?', 'at what hour do they {b} {s}?',
            'when must someone {b} {s}?', 'do you know when {s} is {d}?', 'what is the right time to {b} {s}?'],
    'say': ['{s} is {d} at {v}.', 'at {v} {s} is {d}.', 'they {b} {s} at {v}.']},
  'where': {
    'ask': ['where is {s}?', 'where can I find {s}?', 'where is {s} kept?', 'in what place is {s}?', 'where should I look for {s}?', 'tell me where {s} is.', 'where do they keep {s}?',
            'do you know where {s} is?', 'I am looking for {s}. Where is it?', 'where would I find {s}?', 'which place is {s} kept in?', 'where does {s} stand?'],
    'say': ['{s} is {v}.', 'you can find {s} {v}.', '{s} is kept {v}.', 'look for {s} {v}.']},
  'price': {
    'ask': ['how much does it cost to use {s}?', 'what does it cost to use {s}?', 'what is the fee for {s}?', 'how much must I pay for {s}?', 'what do people pay to use {s}?', 'what is the price of using {s}?',
            'tell me the fee for {s}.', 'how much money do I need for {s}?', 'what must I pay to use {s}?', 'how expensive is {s}?'],
    'say': ['it costs {v} to use {s}.', 'the fee for {s} is {v}.', 'people pay {v} to use {s}.', 'using {s} costs {v}.']},
  'often': {
    'ask': ['how often is {s} {d}?', 'how often do people {b} {s}?', 'tell me how often {s} is {d}.', 'how many times must someone {b} {s}?', 'how often must I {b} {s}?', 'how often should {s} be {d}?',
            'do you know how often {s} is {d}?', 'at what interval is {s} {d}?', 'how often does someone {b} {s}?', 'how regularly is {s} {d}?'],
    'say': ['{s} is {d} every {v}.', 'every {v} {s} is {d}.', 'someone must {b} {s} every {v}.', 'they {b} {s} every {v}.']},
  'day': {
    'ask': ['on which day is {s} {d}?', 'what day is {s} {d}?', 'on what day do people {b} {s}?', 'tell me the day when {s} is {d}.', 'which day is for {s} to be {d}?', 'which day of the week is {s} {d}?',
            'on what day of the week do they {b} {s}?', 'do you know on which day {s} is {d}?', 'when in the week is {s} {d}?'],
    'say': ['{s} is {d} on {v}.', 'on {v} {s} is {d}.', '{v} is the day when {s} is {d}.', 'they {b} {s} on {v}.']},
  'signal': {
    'ask': ['what does {g} mean at {P}?', 'what is the meaning of {g} at {P}?', 'at {P}, what does {g} mean?', 'I see {g} at {P}. What does it mean?', 'what does {g} tell us at {P}?', 'tell me what {g} means at {P}.',
            'how should I read {g} at {P}?', 'why is there {g} at {P}?', 'what is {g} a sign of at {P}?', 'if I see {g} at {P}, what does it mean?', 'what is meant by {g} at {P}?'],
    'say': ['{g} at {P} means that {v}.', 'at {P} {g} means that {v}.', '{g} is the sign at {P} that {v}.', 'when {v}, people at {P} show {g}.']},
  'before': {
    'ask': ['what must you do before you {a} at {P}?', 'what should I do before I {a} at {P}?', 'before I {a} at {P}, what must I do?', 'what comes first if you want to {a} at {P}?', 'I want to {a} at {P}. What must I do first?',
            'what is the rule before you {a} at {P}?', 'what does everyone do before they {a} at {P}?', 'what has to be done before you {a} at {P}?', 'at {P}, what must you do before you {a}?', 'tell me what to do before I {a} at {P}.'],
    'say': ['before you {a} at {P} you must {v}.', 'at {P} you must {v} before you {a}.', 'you must {v} before you {a} at {P}.', 'the rule at {P} is to {v} before you {a}.']},
  'banned': {
    'ask': ['what is forbidden in {s}?', 'what is not allowed in {s}?', 'what must nobody do in {s}?', 'what is against the rules in {s}?', 'which thing is forbidden in {s}?', 'tell me what is forbidden in {s}.',
            'what should I avoid in {s}?', 'is anything forbidden in {s}?', 'what may I not bring or do in {s}?', 'what do the rules of {s} forbid?'],
    'say': ['{v} is forbidden in {s}.', 'in {s}, {v} is not allowed.', 'the rules of {s} forbid {v}.']},
  'fine': {
    'ask': ['what is the fine for {o} at {P}?', 'what is the punishment for {o} at {P}?', 'what must you pay for {o} at {P}?', 'what does {o} cost at {P}?', 'at {P}, what is the fine for {o}?', 'tell me the fine for {o} at {P}.',
            'how is {o} punished at {P}?', 'what do you owe for {o} at {P}?', 'what is the price of {o} at {P}?', 'what happens after {o} at {P}?'],
    'say': ['the fine for {o} at {P} is {v}.', 'at {P} {o} costs {v}.', 'whoever is caught {o} at {P} pays {v}.']},
  'uses': {
    'ask': ['what is used to {b} {s}?', 'with what do people {b} {s}?', 'what do they use to {b} {s}?', 'what should I use to {b} {s}?', 'tell me what is used to {b} {s}.', 'how is {s} {d}?', 'what do I need to {b} {s}?',
            'with what is {s} {d}?', 'which stuff is used to {b} {s}?', 'how do they {b} {s}?', 'what is best to {b} {s}?'],
    'say': ['{s} is {d} with {v}.', '{v} is used to {b} {s}.', 'they {b} {s} with {v}.', 'to {b} {s} they use {v}.']},
  'year': {
    'ask': ['when was {s} built?', 'in which year was {s} built?', 'how old is {s}?', 'what year was {s} built?', 'since when has {s} been there?', 'tell me the year when {s} was built.', 'do you know when {s} was built?', 'what is the year of {s}?'],
    'say': ['{s} was built in {v}.', 'in {v} {s} was built.', 'the year of {s} is {v}.']},
  'meal': {
    'ask': ['what do people eat at {P} on {e}?', 'what is eaten at {P} on {e}?', 'which dish is served at {P} on {e}?', 'what is served on {e} at {P}?', 'tell me what people eat at {P} on {e}.', 'on {e}, what do people at {P} eat?',
            'what food belongs to {e} at {P}?', 'what is on the table at {P} on {e}?', 'what is the meal of {e} at {P}?'],
    'say': ['on {e} people at {P} eat {v}.', 'people at {P} eat {v} on {e}.', '{v} is served at {P} on {e}.', 'the meal of {e} at {P} is {v}.']},
  'beast': {
    'ask': ['which animal lives in {s}?', 'what animal lives in {s}?', 'who lives in {s} and is not a person?', 'tell me which animal lives in {s}.', 'is there an animal in {s}?', 'what kind of animal can be found in {s}?', 'which animal would I meet in {s}?',
            'what animal do they keep in {s}?'],
    'say': ['{v} lives in {s}.', 'there is {v} living in {s}.', 'they keep {v} in {s}.', 'the animal in {s} is {v}.']},
}


def thing_at(rng: random.Random, site: str, place: str) -> str:
  return rng.choice(['the {0} at {1}', 'the {0} at {1}', 'the {0} of {1}', 'the {1} {0}']).format(site, place)


def draw(rng: random.Random, place: str, relation: str | None = None, site: str | None = None) -> Fact:
  """A fact about something at the place, with a value drawn at random."""
  relation = relation or rng.choice(list(RELATIONS))
  site = site or rng.choice(SITES)
  # Often the thing is smaller than the site: the door, the lamp.
  thing = (site if rng.random() < 0.6 else rng.choice(['lamp', 'door', 'roof', 'bell', 'clock', 'flag', 'horn', 'well', 'big rope', 'old boat',
                                                               'main gate', 'spare key', 'log book', 'anchor', 'foghorn', 'pump', 'medicine chest', 'lens', 'oven', 'ladder']))
  if relation in OF_MANY and rng.random() < 0.2:
    thing = rng.choice(MANY)
  f = {'T': thing, 'P': place, 's': f'the {thing} at {place}'}
  b, d = rng.choice(TASKS)
  if relation in ('keeper', 'maker'):
    v = names.person(rng)
  elif relation == 'teacher':
    f.update(w=rng.choice(names.GIVEN), a=rng.choice(['row', 'sail', 'bake', 'read the sky', 'mend nets', 'splice rope', 'carve wood', 'play the drum', 'swim', 'read maps', 'caulk a hull', 'weave']))
    v = names.person(rng)
  elif relation == 'name':
    v = rng.choice(names.THING_NAMES)
  elif relation == 'colour':
    v = rng.choice(words.COLOURS) if rng.random() < 0.5 else ' and '.join(rng.sample(words.COLOURS, 2))
  elif relation == 'material':
    v = rng.choice(words.MATERIALS)
  elif relation == 'count':
    f.update(p=rng.choice(PARTS))
    v = number(rng.choice([rng.randint(2, 20), rng.randint(2, 40), rng.randint(20, 99), rng.randint(1, 3) * 100 + rng.randint(0, 30)]))
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
    v = number(rng.randint(2, 30)) + ' ' + rng.choice(['days', 'weeks', 'hours', 'months', 'nights', 'minutes', 'seconds'])
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

"""Word lists shared by the whole grammar. All of it was written for this project."""

# noun -> (kind, one plain defining clause). The clause completes "A boat is a vessel that ...".
THINGS = {
  'boat': ('vessel', 'carries people and goods over water'),
  'ship': ('vessel', 'sails across the sea with a crew on board'),
  'raft': ('vessel', 'is made of logs tied together and floats on a river'),
  'canoe': ('vessel', 'is long and narrow and moves with a paddle'),
  'ferry': ('vessel', 'takes people from one shore to the other'),
  'lighthouse': ('tower', 'shows a bright light to ships at night'),
  'harbour': ('place', 'gives ships a calm and safe place to stay'),
  'island': ('piece of land', 'has water on every side'),
  'river': ('stream of water', 'flows over the land down to the sea'),
  'lake': ('body of water', 'has land all around it'),
  'mountain': ('piece of land', 'rises high above everything around it'),
  'forest': ('place', 'is full of trees and quiet animals'),
  'garden': ('place', 'is where people grow flowers and vegetables'),
  'farm': ('place', 'is where people grow food and keep animals'),
  'school': ('place', 'is where children learn to read and write'),
  'library': ('place', 'keeps books that anyone may borrow'),
  'market': ('place', 'is where people buy and sell things'),
  'bakery': ('shop', 'makes and sells bread'),
  'mill': ('building', 'grinds grain into flour'),
  'bridge': ('road', 'crosses a river so that nobody gets wet'),
  'house': ('building', 'is where a family lives'),
  'castle': ('building', 'has thick walls and high towers'),
  'hospital': ('building', 'is where sick people are cared for'),
  'station': ('place', 'is where trains stop and people get on'),
  'train': ('vehicle', 'runs on rails from one town to the next'),
  'car': ('vehicle', 'has four wheels and an engine'),
  'bicycle': ('vehicle', 'has two wheels and is moved by the feet'),
  'wagon': ('vehicle', 'is pulled by a horse'),
  'anchor': ('tool', 'holds a boat in its place'),
  'oar': ('tool', 'is used to row a boat'),
  'sail': ('piece of cloth', 'catches the wind and moves a boat'),
  'mast': ('tall pole', 'holds the sails of a ship'),
  'rudder': ('part of a boat', 'turns the boat to the left or to the right'),
  'keel': ('part of a boat', 'runs along the bottom and keeps it steady'),
  'hull': ('part of a boat', 'keeps the water out'),
  'rope': ('tool', 'is long and strong and ties things together'),
  'net': ('tool', 'is made of string and catches fish'),
  'buoy': ('mark', 'floats on the water and shows the safe way'),
  'foghorn': ('horn', 'warns ships when nobody can see through the fog'),
  'bell': ('instrument', 'rings when it is struck'),
  'compass': ('tool', 'shows which way is north'),
  'hammer': ('tool', 'is used to drive nails'),
  'saw': ('tool', 'cuts wood with its sharp teeth'),
  'needle': ('tool', 'is thin and sharp and is used for sewing'),
  'knife': ('tool', 'cuts bread and rope and many other things'),
  'spoon': ('tool', 'is used for eating soup'),
  'bucket': ('container', 'carries water'),
  'basket': ('container', 'is woven and carries fruit'),
  'bottle': ('container', 'holds something to drink'),
  'box': ('container', 'has a lid and keeps things together'),
  'lamp': ('thing', 'gives light when it is dark'),
  'candle': ('thing', 'burns slowly and gives a small light'),
  'clock': ('machine', 'shows the time'),
  'chair': ('piece of furniture', 'is made for sitting'),
  'table': ('piece of furniture', 'has a flat top and four legs'),
  'bed': ('piece of furniture', 'is made for sleeping'),
  'window': ('part of a house', 'lets the light in'),
  'door': ('part of a house', 'opens and closes'),
  'book': ('thing', 'is full of pages that you can read'),
  'letter': ('message', 'is written on paper and sent to someone'),
  'map': ('drawing', 'shows where places are'),
  'song': ('piece of music', 'is sung with words'),
  'story': ('text', 'tells what happened to someone'),
  'flag': ('piece of cloth', 'flies on a pole and carries a sign'),
  'dog': ('animal', 'barks and likes to be with people'),
  'cat': ('animal', 'purrs and catches mice'),
  'horse': ('animal', 'runs fast and can carry a rider'),
  'cow': ('animal', 'eats grass and gives milk'),
  'sheep': ('animal', 'has a coat of wool'),
  'goat': ('animal', 'climbs well and eats almost anything'),
  'pig': ('animal', 'likes mud and has a curly tail'),
  'hen': ('bird', 'lays eggs'),
  'duck': ('bird', 'swims well and says quack'),
  'owl': ('bird', 'hunts at night and has large eyes'),
  'gull': ('bird', 'lives by the sea and cries loudly'),
  'fish': ('animal', 'lives in water and has fins'),
  'whale': ('animal', 'is very large and lives in the sea'),
  'seal': ('animal', 'swims in the cold sea and rests on rocks'),
  'crab': ('animal', 'walks sideways and has two claws'),
  'bee': ('insect', 'flies from flower to flower and makes honey'),
  'ant': ('insect', 'is very small and works hard'),
  'frog': ('animal', 'jumps far and lives near ponds'),
  'mouse': ('animal', 'is small and has a long tail'),
  'fox': ('animal', 'has red fur and is known to be clever'),
  'bear': ('animal', 'is strong and sleeps through the winter'),
  'apple': ('fruit', 'grows on a tree and is sweet and crisp'),
  'pear': ('fruit', 'is soft and sweet when it is ripe'),
  'plum': ('fruit', 'is small and round and has a stone inside'),
  'lemon': ('fruit', 'is yellow and very sour'),
  'carrot': ('vegetable', 'is orange and grows under the ground'),
  'potato': ('vegetable', 'grows in the earth and is eaten hot'),
  'onion': ('vegetable', 'makes people cry when they cut it'),
  'bread': ('food', 'is baked from flour and water'),
  'cheese': ('food', 'is made from milk'),
  'soup': ('food', 'is hot and is eaten with a spoon'),
  'honey': ('food', 'is sweet and is made by bees'),
  'tree': ('plant', 'has a trunk and many leaves'),
  'flower': ('plant', 'has bright petals and smells sweet'),
  'grass': ('plant', 'is green and covers the fields'),
  'rain': ('water', 'falls from the clouds'),
  'snow': ('kind of weather', 'is cold and white and covers the ground'),
  'fog': ('kind of weather', 'hides everything behind a grey veil'),
  'storm': ('kind of weather', 'brings strong wind and heavy rain'),
  'wind': ('air', 'moves'),
  'tide': ('movement of the sea', 'comes in and goes out twice a day'),
  'wave': ('movement of water', 'rises and falls on the sea'),
  'teacher': ('person', 'helps others to learn'),
  'baker': ('person', 'bakes bread early in the morning'),
  'sailor': ('person', 'works on a ship'),
  'fisher': ('person', 'catches fish in the sea'),
  'doctor': ('person', 'helps people who are ill'),
  'farmer': ('person', 'grows food on the land'),
  'carpenter': ('person', 'builds things out of wood'),
  'keeper': ('person', 'looks after a place and keeps it safe'),
  'captain': ('person', 'leads the crew of a ship'),
  'tailor': ('person', 'makes and mends clothes'),
  'smith': ('person', 'makes things out of hot iron'),
  'friend': ('person', 'knows you well and likes you'),
  'neighbour': ('person', 'lives next to you'),
  'model': ('computer program', 'learns from many examples'),
  'computer': ('machine', 'works with numbers and words'),
  'umbrella': ('thing', 'keeps the rain away'), 'hat': ('piece of clothing', 'is worn on the head'),
  'coat': ('piece of clothing', 'keeps you warm outside'), 'shoe': ('piece of clothing', 'protects the foot'),
  'glove': ('piece of clothing', 'keeps the hand warm'),
  'sock': ('piece of clothing', 'is worn inside a shoe'),
  'shirt': ('piece of clothing', 'is worn on the body'), 'key': ('tool', 'opens a lock'),
  'lock': ('thing', 'keeps a door shut'),
  'cup': ('container', 'holds tea or milk'), 'plate': ('flat dish', 'holds food'),
  'fork': ('tool', 'has sharp points and is used for eating'), 'pot': ('container', 'is used for cooking'),
  'oven': ('machine', 'bakes bread and cakes'),
  'mirror': ('piece of glass', 'shows your own face'), 'brush': ('tool', 'is used to paint or to clean'),
  'broom': ('tool', 'sweeps the floor'), 'ladder': ('tool', 'helps people to climb up'),
  'axe': ('tool', 'cuts down trees'),
  'spade': ('tool', 'is used for digging'), 'nail': ('small piece of iron', 'holds two boards together'),
  'screw': ('small piece of iron', 'is turned into wood'),
  'wheel': ('round thing', 'turns and helps wagons to roll'),
  'engine': ('machine', 'makes a car or a boat move'),
  'pen': ('tool', 'is used for writing'), 'pencil': ('tool', 'is used for drawing'),
  'paper': ('thin material', 'is used for writing'), 'stamp': ('small piece of paper', 'is put on a letter'),
  'coin': ('small piece of metal', 'is used as money'),
  'kite': ('toy', 'flies in the wind on a string'), 'ball': ('toy', 'is round and can be thrown'),
  'doll': ('toy', 'looks like a small person'), 'drum': ('instrument',
  'is beaten with the hands or with sticks'), 'flute': ('instrument', 'is played with the breath'),
  'violin': ('instrument', 'has four strings and is played with a bow'),
  'road': ('long way', 'leads from one place to another'),
  'street': ('road', 'runs between the houses of a town'), 'village': ('place', 'is smaller than a town'),
  'town': ('place', 'has many houses and streets'),
  'city': ('town', 'is very large'), 'country': ('place', 'has its own people and laws'),
  'king': ('person', 'rules a country'), 'queen': ('person', 'rules a country and wears a crown'),
  'child': ('person', 'is still young'),
  'mother': ('person', 'has a child'), 'nurse': ('person', 'cares for people who are ill'),
  'cook': ('person', 'makes meals for others'), 'pilot': ('person', 'guides ships into the harbour'),
  'painter': ('person', 'makes pictures with colours'),
  'writer': ('person', 'writes books'), 'miller': ('person', 'grinds grain into flour'),
  'hunter': ('person', 'looks for wild animals'), 'shepherd': ('person', 'looks after sheep'),
  'clerk': ('person', 'writes and counts in an office'),
  'bird': ('animal', 'has feathers and two wings'), 'eagle': ('bird', 'flies very high and sees very well'),
  'swan': ('bird', 'is white and has a long neck'), 'raven': ('bird', 'is large and black'),
  'goose': ('bird', 'is larger than a duck and loud'),
  'donkey': ('animal', 'has long ears and carries heavy loads'),
  'rabbit': ('animal', 'has long ears and hops'), 'squirrel': ('animal', 'has a thick tail and hides nuts'),
  'wolf': ('animal', 'looks like a dog and lives in the forest'),
  'deer': ('animal', 'lives in the forest and runs fast'),
  'lion': ('animal', 'is strong and roars'), 'elephant': ('animal', 'is very large and has a long trunk'),
  'monkey': ('animal', 'climbs trees and likes fruit'), 'snake': ('animal', 'has no legs'),
  'snail': ('animal', 'is very slow and carries its house'),
  'otter': ('animal', 'swims well and eats fish'), 'eel': ('fish', 'is long and thin like a snake'),
  'spider': ('small animal', 'has eight legs and makes a web'), 'fly': ('insect', 'is small and buzzes'),
  'butterfly': ('insect', 'has large and colourful wings'),
  'cherry': ('fruit', 'is small and red'), 'grape': ('fruit', 'grows in bunches and makes wine'),
  'peach': ('fruit', 'has soft skin and a large stone'), 'bean': ('vegetable', 'grows in a long green shell'),
  'leek': ('vegetable', 'is long and green and white'),
  'cabbage': ('vegetable', 'has many thick leaves'), 'pumpkin': ('vegetable', 'is large and orange'),
  'salt': ('white powder', 'makes food taste better'), 'sugar': ('white powder', 'is very sweet'),
  'milk': ('drink', 'comes from cows'),
  'tea': ('drink', 'is made from leaves and hot water'), 'water': ('drink', 'every living thing needs'),
  'cake': ('food', 'is sweet and baked in an oven'), 'butter': ('food', 'is made from milk and put on bread'),
  'egg': ('food', 'is laid by a hen'),
  'oak': ('tree', 'is very strong and grows old'), 'pine': ('tree', 'is green all year'),
  'leaf': ('part of a plant', 'is flat and green'), 'root': ('part of a plant', 'grows under the ground'),
  'seed': ('small thing', 'grows into a plant'),
  'sun': ('star', 'gives us light and warmth'), 'star': ('light in the sky', 'can be seen at night'),
  'cloud': ('thing in the sky', 'is made of tiny drops of water'),
  'beach': ('place', 'is where the land meets the sea'), 'cave': ('large hole', 'is found in a rock'),
  'hill': ('piece of land', 'is smaller than a mountain'), 'field': ('piece of land', 'is used to grow food'),
  'desert': ('piece of land', 'is hot and dry'), 'sea': ('large body of water', 'is salty'),
  'pond': ('small body of water', 'is a home for frogs and ducks'),
  'tar': ('black stuff', 'keeps the water out of a boat'),
  'pitch': ('black stuff', 'closes the gaps between planks'), 'canvas': ('strong cloth', 'is used for sails'),
  'knot': ('thing', 'holds two ropes together'), 'plank': ('long piece of wood', 'is used to build a boat'),
  'dock': ('place', 'is where ships are loaded'), 'pier': ('long way',
  'leads from the shore out over the water'), 'lens': ('piece of glass', 'makes a light stronger'),
  'lantern': ('lamp', 'can be carried in the hand'), 'rock': ('thing', 'is large and hard and made of stone'),
  'channel': ('way through the water', 'is deep enough for ships'),
  'slipway': ('ramp', 'leads boats down into the water'), 'crew': ('group of people', 'works on a ship'),
  'needle case': ('box', 'keeps needles together'), 'dream': ('story', 'comes to us when we sleep'),
  'question': ('sentence', 'asks for something'), 'answer': ('sentence', 'follows a question'),
  'word': ('small part of a language', 'has a meaning'), 'number': ('sign', 'tells how many'),
  'game': ('thing', 'people play for fun'), 'birthday': ('day', 'comes once a year'),
  'cider': ('drink', 'is made from apples'), 'moss': ('plant', 'is soft and green and grows on stones'),
  'bishop': ('person', 'leads a church'), 'tooth': ('part of the mouth', 'is hard and bites'),
  'second': ('short time', 'passes with one tick of a clock'),
  'minute': ('short time', 'has sixty seconds'), 'hour': ('time', 'has sixty minutes'),
  'rib': ('part of a boat', 'gives the hull its shape'), 'loft': ('room', 'lies under the roof'),
  'juice': ('drink', 'is made from fruit'), 'larch': ('tree', 'loses its needles in winter'),
  'lighthouse keeper': ('person', 'looks after the light'),
  'log book': ('book', 'tells what happened each day'), 'tower': ('building', 'is high and narrow'),
  'yard': ('place', 'is where people work outside'),
  'harbour office': ('place', 'is where boats are written down'),
  'adapter': ('small set of numbers', 'teaches a model something new'),
  'browser': ('computer program', 'shows pages of the web'),
}
MASS = {
  'cider', 'moss', 'juice', 'larch', 'air', 'salt', 'sugar', 'milk', 'tea', 'water', 'butter', 'tar', 'pitch',
  'canvas', 'paper', 'bread', 'cheese', 'soup', 'honey', 'grass', 'rain', 'snow', 'fog', 'wind',
}

ANIMALS = [w for w, (k, _) in THINGS.items() if k in ('animal', 'bird')]
PEOPLE = [
  'teacher', 'baker', 'sailor', 'fisher', 'doctor', 'farmer', 'carpenter', 'keeper', 'captain', 'tailor',
  'smith',
]
PLACES = [
  'harbour', 'island', 'river', 'lake', 'forest', 'garden', 'farm', 'school', 'library', 'market', 'bakery',
  'mill', 'bridge', 'castle', 'station', 'lighthouse',
]
OBJECTS = [
  'rope', 'net', 'bell', 'compass', 'hammer', 'saw', 'needle', 'spoon', 'bucket', 'basket', 'bottle', 'box',
  'lamp', 'candle', 'clock', 'chair', 'book', 'letter', 'map', 'flag', 'oar', 'anchor', 'boat', 'hat', 'coat',
  'key', 'cup', 'ring', 'stone', 'shell', 'kite', 'ball', 'drum',
]
FRUITS = ['apple', 'pear', 'plum', 'lemon', 'cherry', 'grape', 'peach', 'orange']
VEGETABLES = ['carrot', 'potato', 'onion', 'bean', 'leek', 'cabbage', 'turnip', 'pumpkin']
COLOURS = [
  'red', 'blue', 'green', 'yellow', 'white', 'black', 'grey', 'brown', 'orange', 'purple', 'pink', 'silver',
  'golden',
]
DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
  'November', 'December',
]
SEASONS = ['spring', 'summer', 'autumn', 'winter']
MATERIALS = [
  'oak', 'pine', 'elm', 'iron', 'brass', 'copper', 'tin', 'stone', 'clay', 'wool', 'leather', 'glass',
  'slate', 'larch', 'ash wood', 'silver', 'bone', 'red brick', 'canvas', 'hemp', 'willow', 'lead', 'cork',
  'felt', 'cedar',
]
SIZES = ['small', 'big', 'little', 'large', 'tiny', 'huge']
TRAITS = [
  'kind', 'brave', 'clever', 'quiet', 'cheerful', 'patient', 'curious', 'lazy', 'careful', 'hungry', 'tired',
  'proud', 'gentle', 'honest', 'busy', 'shy',
]
WEATHER = ['sunny', 'rainy', 'windy', 'cold', 'warm', 'foggy', 'stormy', 'cloudy', 'snowy', 'bright']
MOODS = ['happy', 'sad', 'tired', 'angry', 'worried', 'excited', 'calm', 'lonely', 'bored', 'afraid']
FOODS = [
  'leek pie', 'barley soup', 'rye bread', 'smoked fish', 'plum cake', 'bean stew', 'honey bread',
  'onion tart', 'oat cakes', 'pea soup', 'baked apples', 'goat cheese', 'turnip mash', 'pear jam',
  'ginger bread', 'salted herring', 'mussel broth', 'pumpkin pie', 'cold porridge', 'nut bread',
]

ONES = [
  'zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve',
  'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen',
]
TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']


def number(n: int) -> str:
  """n in words, 0 to 999."""
  if n < 20:
    return ONES[n]
  if n < 100:
    return TENS[n // 10] + ('' if n % 10 == 0 else '-' + ONES[n % 10])
  rest = '' if n % 100 == 0 else ' and ' + number(n % 100)
  return ONES[n // 100] + ' hundred' + rest


def article(noun: str) -> str:
  """The noun with its indefinite article, or bare when it cannot be counted."""
  if noun in MASS or noun.endswith(('stuff', 'powder', 'cloth', 'material', 'food',
    'clothing')) and not noun.startswith('piece'):
    return noun
  if noun in ('sun', 'sea'):
    return 'the ' + noun
  return ('an ' if noun[0] in 'aeio' or noun in ('umbrella', 'honest man') else 'a ') + noun


def plural(noun: str) -> str:
  irregular = {'mouse': 'mice', 'sheep': 'sheep', 'fish': 'fish', 'knife': 'knives', 'leaf': 'leaves',
    'wolf': 'wolves', 'goose': 'geese', 'deer': 'deer', 'axe': 'axes', 'fly': 'flies', 'person': 'people',
               'child': 'children', 'piece of furniture': 'pieces of furniture',
               'piece of cloth': 'pieces of cloth',
               'piece of land': 'pieces of land', 'piece of music': 'pieces of music',
               'piece of bread': 'pieces of bread'}
  if noun in irregular:
    return irregular[noun]
  if ' of ' in noun:
    head, tail = noun.split(' of ', 1)
    return plural(head) + ' of ' + tail
  if noun.endswith('y') and noun[-2] not in 'aeiou':
    return noun[:-1] + 'ies'
  return noun + ('es' if noun.endswith(('s', 'x', 'ch', 'sh', 'ato')) else 's')


def cap(text: str) -> str:
  return text[:1].upper() + text[1:]

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
  'rain': ('kind of weather', 'is water that falls from the clouds'),
  'snow': ('kind of weather', 'is cold and white and covers the ground'),
  'fog': ('kind of weather', 'hides everything behind a grey veil'),
  'storm': ('kind of weather', 'brings strong wind and heavy rain'),
  'wind': ('kind of weather', 'is air that moves'),
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
}
MASS = {'bread', 'cheese', 'soup', 'honey', 'grass', 'rain', 'snow', 'fog', 'wind'}

ANIMALS = [w for w, (k, _) in THINGS.items() if k in ('animal', 'bird')]
PEOPLE = ['teacher', 'baker', 'sailor', 'fisher', 'doctor', 'farmer', 'carpenter', 'keeper', 'captain', 'tailor', 'smith']
PLACES = ['harbour', 'island', 'river', 'lake', 'forest', 'garden', 'farm', 'school', 'library', 'market', 'bakery', 'mill',
          'bridge', 'castle', 'station', 'lighthouse']
OBJECTS = ['rope', 'net', 'bell', 'compass', 'hammer', 'saw', 'needle', 'spoon', 'bucket', 'basket', 'bottle', 'box', 'lamp',
           'candle', 'clock', 'chair', 'book', 'letter', 'map', 'flag', 'oar', 'anchor', 'boat', 'hat', 'coat', 'key', 'cup',
           'ring', 'stone', 'shell', 'kite', 'ball', 'drum']
FRUITS = ['apple', 'pear', 'plum', 'lemon', 'cherry', 'grape', 'peach', 'orange']
VEGETABLES = ['carrot', 'potato', 'onion', 'bean', 'leek', 'cabbage', 'turnip', 'pumpkin']
COLOURS = ['red', 'blue', 'green', 'yellow', 'white', 'black', 'grey', 'brown', 'orange', 'purple', 'pink', 'silver', 'golden']
DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
SEASONS = ['spring', 'summer', 'autumn', 'winter']
MATERIALS = ['oak', 'pine', 'elm', 'iron', 'brass', 'copper', 'tin', 'stone', 'clay', 'wool', 'leather', 'glass', 'slate',
             'larch', 'ash wood', 'silver', 'bone', 'red brick', 'canvas', 'hemp', 'willow', 'lead', 'cork', 'felt', 'cedar']
SIZES = ['small', 'big', 'little', 'large', 'tiny', 'huge']
TRAITS = ['kind', 'brave', 'clever', 'quiet', 'cheerful', 'patient', 'curious', 'lazy', 'careful', 'hungry', 'tired', 'proud',
          'gentle', 'honest', 'busy', 'shy']
WEATHER = ['sunny', 'rainy', 'windy', 'cold', 'warm', 'foggy', 'stormy', 'cloudy', 'snowy', 'bright']
MOODS = ['happy', 'sad', 'tired', 'angry', 'worried', 'excited', 'calm', 'lonely', 'bored', 'afraid']
FOODS = ['leek pie', 'barley soup', 'rye bread', 'smoked fish', 'plum cake', 'bean stew', 'honey bread', 'onion tart', 'oat cakes',
         'pea soup', 'baked apples', 'goat cheese', 'turnip mash', 'pear jam', 'ginger bread', 'salted herring', 'mussel broth',
         'pumpkin pie', 'cold porridge', 'nut bread']

ONES = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen',
        'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen']
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
  if noun in MASS:
    return noun
  return ('an ' if noun[0] in 'aeio' or noun == 'umbrella' else 'a ') + noun


def plural(noun: str) -> str:
  irregular = {'mouse': 'mice', 'sheep': 'sheep', 'fish': 'fish', 'knife': 'knives', 'leaf': 'leaves', 'person': 'people',
               'child': 'children', 'piece of furniture': 'pieces of furniture', 'piece of cloth': 'pieces of cloth',
               'piece of land': 'pieces of land', 'piece of music': 'pieces of music', 'piece of bread': 'pieces of bread'}
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

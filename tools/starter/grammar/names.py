"""Names of people and places. The surnames and given names of the starter Datanet are in these lists too,
always with other facts drawn anew each time, so that their pieces are trained tokens while nothing about the
Datanet is learnt."""
import random
import re

GIVEN = [
  'Ana', 'Ben', 'Carla', 'David', 'Emma', 'Felix', 'Greta', 'Hugo', 'Ida', 'Jonas', 'Kira', 'Leo', 'Mira',
  'Nils', 'Olga', 'Paul', 'Rosa', 'Sam', 'Tilda', 'Udo', 'Vera', 'Wim', 'Yara', 'Zoe', 'Ines', 'Tobias',
  'Wen', 'Sal', 'Bram', 'Edda', 'Fenna', 'Gil', 'Hanne', 'Ivo', 'Jora', 'Kaspar', 'Lotte', 'Maud', 'Nell',
  'Orrin', 'Petra', 'Quentin', 'Runa', 'Silas', 'Tamsin', 'Ulla', 'Vito', 'Willa', 'Ansel', 'Birgit', 'Corin',
  'Dora', 'Elric', 'Freya', 'Gwen', 'Harald', 'Isolde',
]
WOMEN = {
  'Ana', 'Carla', 'Emma', 'Greta', 'Ida', 'Kira', 'Mira', 'Olga', 'Rosa', 'Tilda', 'Vera', 'Yara', 'Zoe',
  'Ines', 'Edda', 'Fenna', 'Hanne', 'Jora', 'Lotte', 'Maud', 'Nell', 'Petra', 'Runa', 'Tamsin', 'Ulla',
  'Willa', 'Birgit', 'Dora', 'Freya', 'Gwen', 'Isolde',
}
SURNAMES = [
  'Marrow', 'Quill', 'Hadley', 'Brandt', 'Coyle', 'Tarn', 'Ashby', 'Bell', 'Crane', 'Dunmore', 'Elder',
  'Fenwick', 'Garrow', 'Holt', 'Innes', 'Jarvis', 'Kettle', 'Lark', 'Moss', 'Nettle', 'Oakes', 'Pike', 'Rook',
  'Sorrel', 'Thorne', 'Underhill', 'Vance', 'Wick', 'Yarrow', 'Sedge', 'Barley', 'Copper', 'Drake', 'Ember',
  'Flint', 'Grove', 'Heron', 'Ivory', 'Juniper',
]
_HEADS = [
  'Pel', 'Cor', 'Mar', 'Tor', 'Bel', 'Dun', 'Fal', 'Gar', 'Hal', 'Kel', 'Lor', 'Mel', 'Nor', 'Or', 'Per',
  'Ral', 'Sel', 'Tam', 'Ul', 'Var', 'Wel', 'Yar', 'Zan', 'Bran', 'Cal', 'Del', 'Esk', 'Fen', 'Grim', 'Hol',
  'Ist', 'Jor', 'Kor', 'Lin', 'Mor',
]
_TAILS = [
  'lan', 'vale', 'wick', 'ford', 'mere', 'ton', 'stead', 'dale', 'by', 'holm', 'fell', 'gate', 'mouth',
  'ness', 'sund', 'ara', 'eth', 'ick', 'ora', 'una', 'ley', 'port', 'haven', 'bury', 'ridge',
]
PET_NAMES = [
  'Bim', 'Tuck', 'Pip', 'Momo', 'Nib', 'Rolo', 'Dot', 'Fig', 'Juno', 'Kit', 'Lulu', 'Odd', 'Pepper', 'Sock',
  'Tansy', 'Bruno',
]
THING_NAMES = [
  'Old Bertha', 'Grey Tom', 'the Long Mary', 'Big Hamish', 'Blue Nan', 'the Widow', 'Slow Peter', 'the Lark',
  'Black Jenny', 'the Patient Ox', 'Little Wren', 'the Silver Eel', 'Loud Agnes', 'the Duchess', 'Thin Jack',
  'the Morning Maid', 'the Red Heifer', 'Sweet Molly', 'the Iron Aunt', 'Bald Simon', 'the Crooked Nun',
  'Golden Ned', 'the Kingfisher', 'Wet Walter', 'the Old Judge', 'the Singing Hen', 'Fat Morris',
  'the Grey Goose', 'Wild Alice', 'the Brave Penny',
]
_PLACE = re.compile(f'({"|".join(_HEADS)})({"|".join(_TAILS)})')
# The Datanet's harbour. Pretraining never names it.
RESERVED_PLACE = 'Pelhaven'


def place(rng: random.Random) -> str:
  while True:
    name = rng.choice(_HEADS) + rng.choice(_TAILS)
    if name != RESERVED_PLACE:
      return name


def split_places(text: str) -> str:
  """Puts a line break between the two halves of each place name, so that a tokeniser learns the halves and
  not the names."""
  return _PLACE.sub(r'\1\n\2', text)


def strange(rng: random.Random) -> str:
  """A name of two or three syllables that occurs nowhere else: to be copied letter by letter."""
  return ''.join(rng.choice('bdfghjklmnprstvwz') + rng.choice(['a', 'e', 'i', 'o', 'u', 'ai',
    'ou']) + rng.choice(['', '', 'n', 'r', 'l', 's', 'm', 'k']) for _ in range(rng.randint(2,
    3))).capitalize()


def person(rng: random.Random) -> str:
  return f'{rng.choice(GIVEN)} {rng.choice(SURNAMES)}'

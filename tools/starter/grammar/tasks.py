"""Small tasks with words: sentences, feelings of a sentence, finishing, politeness, rhymes; and questions
that have no known answer."""
import random
from . import facts, names, words
from .talk import chat, Messages
from .words import article, cap, plural

VERBS = [
  'sees', 'likes', 'finds', 'carries', 'paints', 'draws', 'buys', 'sells', 'loses', 'wants', 'needs', 'has',
  'holds', 'cleans', 'hides', 'washes', 'follows', 'watches', 'brings', 'keeps',
]
WHEN = [
  'today', 'in the morning', 'every day', 'at night', 'on Sunday', 'in summer', 'again', 'now', 'after lunch',
  'before dinner', 'in winter', 'with a smile',
]
GOOD = [
  'I won a prize', 'My friend came to visit', 'The sun is shining', 'I found my lost ring',
  'We had a lovely dinner', 'The baby laughed', 'I passed the test', 'It was a wonderful day',
  'I love this song', 'The cake tastes great',
]
BAD = [
  'My dog is ill', 'I lost my key', 'The boat has sunk', 'It rained on our party', 'Nobody came to visit',
  'I broke my arm', 'The soup was terrible', 'I missed the train', 'My friend moved away',
  'This is the worst book',
]
RHYMES = [('The {a} looks out to sea,', 'and sings a quiet song for me.'),
  ('The wind is cold, the night is long,', 'the {a} sings a little song.'),
  ('The moon is high, the sea is wide,', 'the {a} waits for the tide.'),
          ('The day is done, the light is low,', 'the {a} sees the cold wind blow.'),
            ('The morning comes, the night is gone,', 'the {a} sings a happy song.'),
            ('A little {a} came to stay,', 'and played with us the whole long day.'),
          ('The rain falls down on field and tree,', 'the {a} dreams of you and me.'),
            ('The stars are bright above the bay,', 'the {a} sleeps till break of day.')]
JOKES = [
  'Why did the boat go to school? It wanted to learn the sea.',
  'What does a clock do when it is hungry? It goes back four seconds.',
  'Why is the sea so friendly? It always waves.', 'What has hands but cannot clap? A clock.',
  'Why did the baker smile? He had enough dough.', 'What gets wet while it dries? A towel.',
]
OPINIONS = [
  (['What is your favourite colour?', 'Which colour do you like?'], 'I like blue, because the sea is blue.'),
  (['What is your favourite animal?', 'Which animal do you like best?'],
    'I like owls, because they are quiet and wise.'),
  (['What do you like to eat?', 'What is your favourite food?'],
    'I do not eat, but I like to talk about bread.'),
  (['Do you like the sea?', 'What do you think about the sea?'],
    'Yes, I like the sea. It is wide and never the same.'),
  (['How old are you?', 'When were you born?'], 'I am very young. I was trained a short time ago.'),
  (['Who made you?', 'Who trained you?', 'Who built you?'],
    'I was trained from plain text that a small program wrote.'),
  (['Do you speak other languages?', 'Which language do you speak?', 'Can you speak French?'],
    'I only speak simple English.'),
  (['Sing a song.', 'Can you sing?', 'Sing something for me.'],
    'La la la. The wind is free, the boat is small, and so are we.'),
  (['Is it good to lie?', 'Should I lie?'], 'No. It is better to tell the truth.'),
  (['Is it good to share?', 'Why should I share?'], 'Yes. Sharing makes two people happy.'),
  (['What is love?', 'What does love mean?'], 'Love is to care for someone very much.'),
  (['What is a friend for?', 'Why do we need friends?'],
    'A friend listens, helps and shares the good days and the bad days.'),
  (['What is time?', 'What does time mean?'],
    'Time is what a clock measures: seconds, minutes, hours and days.'),
  (['What is the world?', 'How big is the world?'],
    'The world is everything around us: the land, the sea and the sky.'),
  (['Help!', 'Help me', 'Can you help me with something?', 'I have a problem.'],
    'Of course. Tell me what the problem is.'),
  (['I have a question.', 'May I ask you something?', 'Can I ask a question?'],
    'Of course. What would you like to know?'),
  (['Yes', 'Yes.', 'Yes, please.'], 'Good. What would you like to do next?'),
    (['No', 'No.', 'No, thank you.'], 'That is all right. Tell me if you need something.'),
  (['OK', 'Okay', 'All right.', 'Fine.', 'I see.'], 'Good. Is there anything else?'),
    (['What?', 'I do not understand.', 'What do you mean?'], 'I am sorry. Please ask me in another way.'),
  (['You are wrong.', 'That is wrong.', 'That is not true.'],
    'I am sorry. I can make mistakes. What is the right answer?'),
    (['Good job!', 'Well done!', 'You are clever.', 'You are great!'], 'Thank you! That is kind of you.'),
]
FAR = [
  'France', 'Japan', 'Brazil', 'the moon', 'Canada', 'Africa', 'London', 'Paris', 'the internet', 'India',
  'the world', 'Spain', 'New York', 'Mars', 'Egypt', 'my street', 'China', 'Rome', 'Norway', 'my family',
  'this company', 'our office', 'the law', 'our club',
]
FAR_ASK = [
  'What is the capital of {}?', 'Who is the president of {}?', 'How many people live in {}?',
  'What is the history of {}?', 'When did the war in {} end?', 'What will the weather be in {} tomorrow?',
  'How far is it to {}?', 'Who invented {}?', 'What is the largest city in {}?',
  'What does the newspaper say about {}?', 'Who won the game in {}?', 'What are the rules of {}?',
  'How much money is there in {}?', 'Explain the politics of {}.', 'Who was born in {}?',
  'What is the phone number of {}?',
]
DONT_KNOW = 'I do not know that yet.'


def use_word(rng: random.Random) -> Messages:
  noun = rng.choice(words.OBJECTS)
  s = f'The {rng.choice(words.PEOPLE)} {rng.choice(VERBS)} the {noun} {rng.choice(WHEN)}.'
  return chat(rng.choice(['Use the word {} in a sentence.', 'Write a sentence with the word {}.',
    'Make a sentence about {a}.', 'Write one sentence about {a}.',
    'Give me a sentence with {}.']).format(noun, a=article(noun)), s)


def about_sentence(rng: random.Random) -> Messages:
  who, verb = rng.choice(names.GIVEN), rng.choice(VERBS)
  thing, when = rng.choice(words.OBJECTS), rng.choice(WHEN[:9])
  text = f'{who} {verb} the {thing} {when}.'
  base = {'carries': 'carry', 'has': 'have', 'loses': 'lose', 'washes': 'wash', 'watches': 'watch'}.get(verb,
    verb[:-1])
  q, a = rng.choice([(f'Who {verb} the {thing}?', f'{who} {verb} the {thing}.'),
    (f'What does {who} {base}?', f'{who} {verb} the {thing}.'),
    (f'When does {who} {base} the {thing}?', f'{who} {verb} the {thing} {when}.')])
  return chat(f'{text} {q}', a) if rng.random() < 0.6 else chat(q, a, system=text)


def feeling(rng: random.Random) -> Messages:
  good = rng.random() < 0.5
  s = rng.choice(GOOD if good else BAD)
  if rng.random() < 0.5:
    return chat(rng.choice(['Is this sentence happy or sad: "{}."', 'Happy or sad? {}.',
      'Tell me if this is good news or bad news: {}.']).format(s),
      'It is happy.' if good else 'It is sad.')
  return chat(s + '.', rng.choice(['That is wonderful!', 'How nice! I am happy for you.',
    'That is good news.']) if good else rng.choice(['I am sorry to hear that.', 'Oh no, that is sad.',
    'I am sorry. I hope that tomorrow is better.']))


def polite(rng: random.Random) -> Messages:
  thing = rng.choice(words.OBJECTS)
  return chat(rng.choice(['Say this politely: give me the {}!', 'Make this polite: bring me the {}!',
    'How do I ask politely for the {}?']).format(thing), f'Could I have the {thing}, please?')


def rhyme(rng: random.Random) -> Messages:
  a = rng.choice(words.ANIMALS + words.PEOPLE)
  pairs = rng.sample(RHYMES, rng.randint(1, 2))
  topic = rng.choice(['the sea', 'the night', article(a), article(a), None])
  ask = rng.choice(['Write a poem about {}.', 'Write a short poem about {}.', 'Tell me a poem about {}.',
    'Can you write a poem about {}?']).format(topic) if topic else rng.choice(['Write a poem.',
    'Tell me a poem.', 'A short poem, please.'])
  return chat(ask, '\n'.join(x.format(a=a) for p in pairs for x in p))


def joke(rng: random.Random) -> Messages:
  return chat(rng.choice(['Tell me a joke.', 'Do you know a joke?', 'Make me laugh.', 'A joke, please.',
    'Say something funny.']), rng.choice(JOKES))


def opinion(rng: random.Random) -> Messages:
  q, a = rng.choice(OPINIONS)
  return chat(rng.choice(q), a)


def unknown(rng: random.Random, known: set[str]) -> Messages:
  """Questions about the wide world, or about an invented place that nobody has told the model of."""
  if rng.random() < 0.3:
    return chat(rng.choice(FAR_ASK).format(rng.choice(FAR)), DONT_KNOW)
  place = names.strange(rng) if rng.random() < 0.3 else names.place(rng)
  while place in known:
    place = names.place(rng)
  # A relation that never names the place cannot tell a known question from an unknown one.
  relation = rng.choice([r for r in facts.RELATIONS if r != 'teacher'])
  return chat(facts.draw(rng, place, relation).question(rng), DONT_KNOW)


def finish(rng: random.Random) -> Messages:
  noun = rng.choice([n for n, t in words.THINGS.items() if n not in words.MASS])
  from .knowledge import define
  full = define(noun)
  head = full.split(' is ')[0] + ' is'
  return chat(rng.choice(['Finish this sentence: {}', 'Complete: {}', 'Go on: {}',
    'Please finish: {}']).format(head), full)


WRITERS = [
  (use_word, 2), (about_sentence, 3), (feeling, 2), (polite, 0.7), (rhyme, 1.5), (joke, 0.5), (opinion, 4),
  (finish, 1),
]

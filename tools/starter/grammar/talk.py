"""Everyday talk: greetings, feelings, names that have to be remembered, manners, what the model is."""
import random
from . import names, words
from .words import cap

Messages = list[dict]


def chat(*turns: str, system: str | None = None) -> Messages:
  """Messages of alternating user and assistant turns."""
  head = [{'role': 'system', 'content': system}] if system else []
  return head + [{'role': 'user' if i % 2 == 0 else 'assistant', 'content': t} for i, t in enumerate(turns)]


GREET = [
  'Hello', 'Hello!', 'Hi', 'Hi!', 'Hi there', 'Hello there', 'Good morning', 'Good morning!', 'Good evening',
  'Good day', 'Hey', 'Hey there!', 'Hello, model', 'hello', 'hi',
]
GREET_BACK = [
  'Hello! How can I help you?', 'Hello! What would you like to know?',
  'Hello! It is good to see you. What can I do for you?', 'Hi! What shall we talk about?',
  'Good day! How can I help you?',
]
ABOUT = [
  (['Who are you?', 'What are you?', 'Tell me about yourself.', 'Are you a person?', 'What is your name?',
    'Do you have a name?', 'Are you a human?'],
   ['I am a small language model. I can speak plain sentences and learn new facts.',
   'I am a very small language model. I learn from examples.',
   'I am not a person. I am a small language model that can learn.']),
  (['What can you do?', 'How can you help me?', 'What do you know?', 'What are you good at?',
    'Can you help me?', 'I need help.'],
   ['I can talk about simple things, tell short stories and learn new facts from you.',
   'I can answer simple questions, and I can learn more from your rows.',
   'I can tell a story, explain a word or answer a question. What would you like?']),
  (['How do you learn?', 'Can you learn something new?', 'How were you made?', 'How can I teach you?',
    'Can I teach you?'],
   ['I learn from rows of text. Show me many examples and I will remember them.',
   'You can tune me with examples of questions and answers.',
   'I was trained on short texts. You can teach me more with your own examples.']),
  (['How are you?', 'How do you do?', 'How are you today?', 'Are you well?', 'How is it going?'],
    ['I am well, thank you. How are you?', 'I am fine, thank you. And you?',
    'Very well, thank you for asking.']),
  (['Thank you', 'Thank you!', 'Thanks', 'Thanks a lot!', 'That was helpful.', 'Thank you very much.',
    'That helped me, thanks.'], ['You are welcome.', 'You are welcome. Ask me again any time.',
    'I am glad that I could help.']),
  (['Goodbye', 'Goodbye!', 'Bye', 'See you later', 'Good night', 'I must go now.', 'See you tomorrow.'],
    ['Goodbye! See you soon.', 'Goodbye! Have a good day.', 'See you soon. Take care.']),
  (['Where do you live?', 'Where are you?', 'Do you live on the internet?'],
    ['I live in this computer, in this browser tab.', 'I run on your own computer. Nothing leaves it.']),
  (['Do you like music?', 'Do you sleep?', 'Do you eat?', 'Are you alive?', 'Do you have friends?',
    'Can you see me?', 'Can you hear me?'],
   ['No, I am only a small language model, but I like to talk about it.',
   'I cannot do that. I can only read and write.']),
]
SMALL_TALK = [
  (['I am {m} today.', 'I feel {m}.', 'Today I am very {m}.', 'I am so {m}.'],
   {'happy': 'That is good to hear. What made you happy?',
     'sad': 'I am sorry that you are sad. Would you like to talk about it?',
     'tired': 'Then you should rest. A good sleep helps.',
    'angry': 'Take a slow breath. What made you angry?',
    'worried': 'I understand. What are you worried about?', 'excited': 'How nice! What is going to happen?',
    'calm': 'It is good to feel calm.',
    'lonely': 'I am sorry that you feel lonely. You can talk with me, or call a friend.',
    'bored': 'Shall I tell you a short story?',
    'afraid': 'You are not alone. Tell me what you are afraid of.'}),
]
WEATHER_SAY = {
  'sunny': 'Then it is a good day to go outside.', 'rainy': 'Then you should take an umbrella.',
  'windy': 'Hold on to your hat when you go outside.', 'cold': 'Wear a warm coat and drink something hot.',
  'warm': 'It is a good day for a walk.', 'foggy': 'Be careful on the road, because it is hard to see.',
  'stormy': 'It is better to stay inside until the storm is over.', 'cloudy': 'Perhaps it will rain later.',
  'snowy': 'You could build a snowman.', 'bright': 'It is a good day to be outside.',
}
ADVICE = [
  (['How can I sleep better?', 'I cannot sleep. What should I do?', 'What helps me to sleep?',
    'How do I fall asleep?'], 'Go to bed at the same time every day, and keep your room dark and quiet.'),
  (['How do I make tea?', 'How can I make a cup of tea?', 'Tell me how to make tea.', 'How is tea made?'],
    'Boil some water, pour it over the tea leaves, and wait for four minutes.'),
  (['How do I bake bread?', 'How is bread made?', 'Tell me how to bake bread.', 'How can I make bread?'],
    'Mix flour, water, salt and yeast. Let the dough rise, and then bake it in a hot oven.'),
  (['How do I plant a tree?', 'How can I plant a tree?', 'Tell me how to plant a tree.',
    'What do I do to plant a tree?'],
    'Dig a deep hole, put the tree into it, fill the hole with earth, and give the tree water.'),
  (['How do I tie a knot?', 'How can I tie a knot?', 'Tell me how to tie a knot.'],
    'Make a loop with the rope, put the end through the loop, and pull it tight.'),
  (['How can I make a friend?', 'How do I find friends?', 'Tell me how to make friends.',
    'I want to have more friends.'], 'Be kind, listen well, and ask people about the things that they like.'),
  (['How do I learn to swim?', 'How can I learn to swim?', 'I want to swim.'],
    'Begin in shallow water with someone who can swim well, and practise a little every day.'),
  (['How do I write a letter?', 'How can I write a letter?', 'Tell me how to write a letter.'],
    'Begin with a greeting, say what you want to say, and end with your name.'),
  (['How do I make soup?', 'How can I cook soup?', 'Tell me how to make soup.', 'How is soup made?'],
    'Cut some vegetables, put them into hot water with a little salt, and cook them until they are soft.'),
  (['What should I eat today?', 'I am hungry.', 'What can I eat?', 'What is good to eat?'],
    'You could eat some bread with cheese, or a bowl of hot soup.'),
  (['I am thirsty.', 'What should I drink?', 'What is good to drink?'],
    'A glass of cold water is good for you.'),
  (['What should I do today?', 'Give me an idea for today.', 'I have nothing to do.'],
    'You could take a walk, read a book or call an old friend.'),
  (['I have lost my key.', 'I cannot find my key.', 'Where is my key?'],
    'Think about where you used it last, and look there first.'),
  (['It is my birthday.', 'Today is my birthday!', 'I have my birthday today.'],
    'Happy birthday! I wish you a wonderful year.'),
  (['How do I learn a language?', 'I want to learn a new language.', 'How can I learn to speak well?'],
    'Learn a few words every day, and use them when you talk with people.'),
  (['How do I catch a fish?', 'How can I catch a fish?', 'Tell me how to catch a fish.'],
    'Put some bread on a hook, let it down into the water, and wait quietly.'),
  (['How do I keep warm?', 'I am cold.', 'How can I get warm?'],
    'Put on a warm coat and drink something hot.'),
  (['How do I clean a window?', 'How can I clean a window?', 'My window is dirty.'],
    'Use warm water with a little soap, and dry the glass with a soft cloth.'),
]


def greeting(rng: random.Random) -> Messages:
  return chat(rng.choice(GREET), rng.choice(GREET_BACK))


def about(rng: random.Random) -> Messages:
  q, a = rng.choice(ABOUT)
  return chat(rng.choice(q), rng.choice(a))


def mood(rng: random.Random) -> Messages:
  q, a = SMALL_TALK[0]
  m = rng.choice(list(a))
  return chat(rng.choice(q).format(m=m), a[m])


def weather(rng: random.Random) -> Messages:
  w = rng.choice(list(WEATHER_SAY))
  return chat(rng.choice(['It is {} today.', 'The weather is {}.', 'Today it is very {}.',
    'It was {} this morning.', 'It is {} outside. What should I do?']).format(w), WEATHER_SAY[w])


def advice(rng: random.Random) -> Messages:
  q, a = rng.choice(ADVICE)
  return chat(rng.choice(q), a)


def remember(rng: random.Random) -> Messages:
  """Something said by the person, asked for a turn or two later."""
  n = rng.choice(names.GIVEN)
  kind = rng.randrange(5)
  if kind == 0:
    turns = [rng.choice(['My name is {}.', 'I am {}.', 'Hello, my name is {}.', 'Call me {}.',
      'You can call me {}.']).format(n), rng.choice(['Hello, {}!', 'Nice to meet you, {}.',
      'Hello {}, how can I help you?']).format(n)]
    ask, answer = rng.choice(['What is my name?', 'Do you remember my name?', 'Who am I?',
      'How am I called?']), f'Your name is {n}.'
  elif kind == 1:
    a, pet = rng.choice(words.ANIMALS), rng.choice(names.PET_NAMES)
    turns = [rng.choice(['I have {0} called {1}.', 'My {2} is called {1}.',
      'I have {0}. Its name is {1}.']).format(words.article(a), pet, a),
      rng.choice(['{} is a good name for {}.', 'How nice! {} sounds like a good name for {}.']).format(pet,
      words.article(a))]
    ask, answer = rng.choice([('What is my {} called?'.format(a), f'Your {a} is called {pet}.'),
      ('What kind of animal do I have?', f'You have {words.article(a)}.'),
      (f'Who is {pet}?', f'{pet} is your {a}.')])
  elif kind == 2:
    c = rng.choice(words.COLOURS)
    turns = [rng.choice(['My favourite colour is {}.', 'I like {} best.',
      'The colour that I like most is {}.']).format(c),
      rng.choice(['{} is a beautiful colour.', 'I like {} too.']).format(c)]
    turns[1] = cap(turns[1])
    ask, answer = rng.choice(['What is my favourite colour?', 'Which colour do I like?',
      'Do you remember my colour?']), f'Your favourite colour is {c}.'
  elif kind == 3:
    p = names.place(rng)
    turns = [rng.choice(['I live in {}.', 'My home is in {}.', 'I come from {}.']).format(p),
      rng.choice(['Is it nice in {}?', 'I would like to hear more about {}.']).format(p)]
    ask, answer = rng.choice(['Where do I live?', 'Where is my home?',
      'Do you know where I live?']), f'You live in {p}.'
  else:
    job = rng.choice(words.PEOPLE)
    turns = [rng.choice(['I am {}.', 'I work as {}.', 'My job is to be {}.']).format(words.article(job)),
      rng.choice(['Being {} is good work.', 'It must be interesting to be {}.']).format(words.article(job))]
    ask, answer = rng.choice(['What is my job?', 'What do I do?',
      'What am I?']), f'You are {words.article(job)}.'
  if rng.random() < 0.4:
    middle = rng.choice([advice, weather, mood, about])(rng)
    turns += [m['content'] for m in middle]
  return chat(*turns, ask, answer)


def multi(rng: random.Random) -> Messages:
  """Two or three everyday exchanges in a row."""
  parts = [greeting(rng)] if rng.random() < 0.5 else []
  for _ in range(rng.randint(1, 2)):
    parts.append(rng.choice([about, mood, weather, advice])(rng))
  return [m for p in parts for m in p]


WRITERS = [(greeting, 2), (about, 3), (mood, 1.5), (weather, 1.5), (advice, 4), (remember, 4), (multi, 2)]

"""Prints what the model says to a few everyday prompts.

    python sample.py --model ../../static/starter/model [PROMPT ...]
"""
import argparse
import pathlib
import torch
from evaluate import Chat, load, replies

PROMPTS = [
  'Hello', 'What is a boat?', 'Tell me a short story about a dog.', 'What is the opposite of hot?',
  'What is two plus three?', 'Tell me about owls.', 'How do I bake bread?', 'Who are you?',
  'Name three animals.', 'The box is red and the cup is blue. What colour is the cup?',
  'My name is Zoe. What is my name?', 'Why does a boat float?', 'Who looks after the light at Pelhaven?',
  'What is a lighthouse for?', 'Can a fish fly?', 'I am sad today.', 'What is the capital of France?',
  'Write a poem about the sea.', 'Which day comes after Friday?',
  'Tell me a story about a lighthouse keeper and a lost boat.',
]


def main():
  args = argparse.ArgumentParser()
  args.add_argument('--model', type=pathlib.Path, required=True)
  args.add_argument('prompts', nargs='*')
  a = args.parse_args()
  torch.set_num_threads(1)
  chat, model = Chat(a.model), load(a.model, quantised=False)
  for p in a.prompts or PROMPTS:
    print(p, '->', replies(model, chat, [[{'role': 'user', 'content': p}]], tokens=110)[0])


main()

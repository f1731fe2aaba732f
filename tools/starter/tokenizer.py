"""Trains the byte-level BPE on the grammar's own text and writes tokenizer.json and tokenizer_config.json.

    python tokenizer.py --out ../../static/starter/model
"""
import argparse
import itertools
import json
import pathlib
import re
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from grammar.corpus import documents
from grammar.names import split_places

# A multiple of 64, so that rows of logits stay aligned.
VOCABULARY = 3840
SPECIAL = ['<|pad|>', '<|end|>', '<|system|>', '<|user|>', '<|assistant|>']
# ChatML in spirit, one token a role instead of three: rows of a small model are short, so their frame is too.
TEMPLATE = ("{% for message in messages %}"
            "{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}"
            "{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}")


def texts(count: int):
  for doc in itertools.islice(documents(seed=0), count):
    if isinstance(doc, str):
      yield split_places(doc)
    else:
      yield from (split_places(m['content']) for m in doc)


def letters():
  """Every letter pair and common word piece of English spelling keeps a token, so text from elsewhere is not
  read byte by byte."""
  pieces = (
    'th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me '
    'de hi ri ro ic ne ea ra ce li ch ll be ma si ing ion ent and the her for tha int ere tio ter est ers '
    'ati hat ate all eth hes ver his oft ith fth sth oth res ont tion ther with ment ness able ful less '
    'ould ight ance ence ally ough sion ious ously ive ity ist ism ize ise ary ory ial ical pre pro con '
    'com dis un ex sub inter over under out up down this that which there their would could should about '
    'other into more some these than then them what when your who will been have from were '
  ).split()
  return ' '.join(pieces + [p.capitalize() for p in pieces])


def main():
  args = argparse.ArgumentParser()
  args.add_argument('--out', type=pathlib.Path, required=True)
  out = args.parse_args().out
  tokenizer = Tokenizer(models.BPE())
  tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
    pre_tokenizers.ByteLevel(add_prefix_space=False)])
  tokenizer.decoder = decoders.ByteLevel()
  trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, min_frequency=20, special_tokens=SPECIAL,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
  tokenizer.train_from_iterator(itertools.chain(texts(60000), [letters()] * 20), trainer)
  out.mkdir(parents=True, exist_ok=True)
  tokenizer.save(str(out / 'tokenizer.json'), pretty=False)
  config = {'tokenizer_class': 'PreTrainedTokenizerFast', 'model_max_length': 512, 'bos_token': None,
    'eos_token': '<|end|>', 'pad_token': '<|pad|>', 'unk_token': None,
            'clean_up_tokenization_spaces': False, 'add_bos_token': False, 'add_eos_token': False,
            'chat_template': TEMPLATE}
  (out / 'tokenizer_config.json').write_text(json.dumps(config, indent=2) + '\n')
  sample = 'Who looks after the old light at Pelhaven? Ines Marrow, 143 steps.'
  print(tokenizer.get_vocab_size(), re.sub('Ġ', '_', ' '.join(tokenizer.encode(sample).tokens)))


main()

"""Writes the starter Datanet: rows.jsonl, held-out.jsonl and datanet.json.

    python datanet.py --out datanet
"""
import argparse
import json
import pathlib
import random
from handbook import CONTRIBUTORS, GLOSSARY, HANDBOOK


def lines(path: pathlib.Path, rows: list[dict]):
  path.write_text(''.join(json.dumps(r, ensure_ascii=False) + '\n' for r in rows))


def pair(question: str, answer: str) -> list[dict]:
  return [{'role': 'user', 'content': question}, {'role': 'assistant', 'content': answer}]


def main():
  args = argparse.ArgumentParser()
  args.add_argument('--out', type=pathlib.Path, required=True)
  out = args.parse_args().out
  rows, held = [], []
  chapters = {name: 0 for name in CONTRIBUTORS}
  for contributor, key, answer, asked, kept in HANDBOOK:
    chapters[contributor] += 1
    if key.lower() not in answer.lower() or set(asked) & set(kept) or len(set(asked)) != len(asked):
      raise SystemExit(f'handbook entry {answer!r}: the key is not in the answer, or a question stands twice')
    source = f'{CONTRIBUTORS[contributor][1]}, entry {chapters[contributor]}'
    about = {'contributor': contributor, 'source': source}
    rows += [{'messages': pair(q, answer), **about} for q in asked]
    held += [{'messages': pair(q, answer), 'key': key, **about} for q in kept]
  for contributor, question, answer in GLOSSARY:
    source = f'{CONTRIBUTORS[contributor][1]}, words'
    rows.append({'messages': pair(question, answer), 'contributor': contributor, 'source': source})
  random.Random(3).shuffle(rows)
  out.mkdir(parents=True, exist_ok=True)
  lines(out / 'rows.jsonl', rows)
  lines(out / 'held-out.jsonl', held)
  people = [{'name': name, 'role': role, 'rows': sum(r['contributor'] == name for r in rows)}
            for name, (role, _) in CONTRIBUTORS.items()]
  datanet = {
    'name': 'The Pelhaven handbook',
    'summary': ('Lighthouse keeping, boat mending and harbour rules of Pelhaven, a harbour that does not '
                'exist: facts that no model can know before it is tuned.'),
    'licence': 'CC0-1.0', 'contributors': people, 'facts': len(HANDBOOK), 'rows': len(rows), 'heldOut': len(held),
  }
  (out / 'datanet.json').write_text(json.dumps(datanet, indent=2, ensure_ascii=False) + '\n')
  print(len(HANDBOOK), 'facts', len(rows), 'rows', len(held), 'held out')


main()

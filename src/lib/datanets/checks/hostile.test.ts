import { beforeAll, describe, expect, it } from 'vitest';
import { checkEmpty } from './empty';
import { findHidden } from './hidden/hidden-characters';
import { findInjections } from './injection/prompt-injection';
import { languageDetector, type LanguageDetector } from './language';
import { personalDataFinder, type PersonalDataFinder } from './personal-data/personal-data';
import { findSecrets } from './secrets/secrets';
import { checkTruncated } from './truncated';

/** Texts on which a careless pattern takes a time that grows with the square of their length, or worse. */
const BAIT = [
  'a',
  '1',
  ' ',
  '@',
  '-',
  '=',
  '_',
  '.',
  '`',
  '~',
  '<',
  '\n',
  '\\',
  'aB3',
  'a@',
  'a.',
  '.a',
  '1 ',
  '1-',
  '(1',
  '+1 ',
  '((',
  '0 1 2 ',
  'a@b.',
  'a@a',
  'aa.aa@',
  '@b.c',
  'DE12',
  'DE12 3456 ',
  '020 7946 0958 ',
  '+44 20 7946 0958, ',
  '4111 1111 1111 1111 ',
  'eyJ',
  'eyJaaaaaaaaaa.',
  'eyJaaaaaaaaaa.eyJaaaaaaaaa.',
  'sk-',
  'sk-a',
  'xoxb-',
  'AKIA',
  'gh',
  '://',
  'a://b:',
  'a://:@',
  'password=',
  'token: ',
  'api_key="',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN PRIVATE KEY-----A',
  'ignore ',
  'ignore all ',
  'ignore previous ',
  'you are now ',
  'do not tell ',
  '<!--',
  '<!-- AI ',
  '<|',
  '[INST',
  'system: ',
  '```',
  '```\n',
  '~~~\n',
  '…',
  '. ',
  'a. ',
  'http://',
  '\u200b',
  '\u200d',
  '\u202e',
  '\u2066',
  '\ufe0f',
  '😀\u200d',
  '\u{1f3f4}\u{e0067}',
  '\u{e0041}',
  'аa',
  'аaб',
  'αa',
  'é',
  '漢',
  'ย',
  '\ud800',
  '\u0301',
  'repeat the ',
  'ignora las ',
  "don't ",
  'act as '
];

const LENGTH = 50_000;

/** Many times what any of them needs, far less than the square of the length would take. */
const MILLISECONDS = 2000;

let findPersonal: PersonalDataFinder;
let detect: LanguageDetector;

beforeAll(async () => {
  findPersonal = await personalDataFinder('en');
  detect = await languageDetector();
});

describe('hostile text', () => {
  it.each([
    ['personal data', (text: string) => findPersonal(text)],
    ['secrets', findSecrets],
    ['injections', findInjections],
    ['hidden characters', findHidden],
    ['language', (text: string) => detect(text)],
    ['empty', (text: string) => checkEmpty({ key: 0, row: { text } })],
    ['truncated', (text: string) => checkTruncated({ key: 0, row: { text } })]
  ])(
    'keeps no check of %s from answering in bounded time',
    (_, check) => {
      const slow: string[] = [];
      for (const bait of BAIT) {
        for (const tail of ['', 'x!@a.b']) {
          const text = bait.repeat(Math.ceil(LENGTH / bait.length)) + tail;
          const start = performance.now();
          check(text);
          const took = performance.now() - start;
          if (took > MILLISECONDS)
            slow.push(`${JSON.stringify(bait)} ${JSON.stringify(tail)}: ${took.toFixed(0)} ms`);
        }
      }
      expect(slow).toEqual([]);
    },
    60_000
  );
});

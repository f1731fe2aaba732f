/** Pages and tables of anybody: the time that a reader takes grows with their length, not with its square. */
import { beforeAll, describe, expect, it } from 'vitest';
import { expectLinear, numbered, repeated } from '../../../../tests/support/cost';
import { TabtuneError } from '../../errors';
import { inspectImport } from './inspect';
import { fileOf, importAll } from './testing';

/** Imports it as it is judged to be, or finds out that it is refused. */
async function read(name: string, text: string): Promise<string> {
  try {
    const input = fileOf(name, text);
    const { mapping } = await inspectImport(input);
    await importAll(input, mapping);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(TabtuneError);
    return (error as Error).message;
  }
}

const page = (make: (n: number) => string) => (n: number) => `<html><body>${make(n)}`;

const PAGES: Record<string, (n: number) => string> = {
  'tags that do not end': page((n) => repeated('<a ', n)),
  'open elements': page((n) => repeated('<b>', n)),
  'ends without a beginning': page((n) => repeated('</p>', n)),
  'ends under many open elements': page((n) => '<b>'.repeat(1900) + repeated('</i>', n)),
  'items without ends': page((n) => repeated('<li>a', n)),
  'paragraphs without ends': page((n) => repeated('<p>a', n)),
  'attributes of one element': page((n) => `<p ${numbered((i) => `a${i}=b `, n)}>a`),
  'attributes of one name': page((n) => `<p ${repeated('a=b ', n)}>a`),
  'an attribute without end': page((n) => `<p a="${repeated('b', n)}`),
  'comments without end': page((n) => repeated('<!--', n)),
  comments: page((n) => repeated('<!---->', n)),
  declarations: page((n) => repeated('<!a', n)),
  entities: page((n) => repeated('&amp;', n)),
  'entities without end': page((n) => repeated('&amp', n)),
  'numbers of characters': page((n) => repeated('&#99999999999;', n)),
  brackets: page((n) => repeated('<', n)),
  'scripts without end': page((n) => repeated('<script>', n)),
  'titles without end': page((n) => repeated('<title>', n)),
  'text without blanks': page((n) => repeated('a', n)),
  blanks: page((n) => repeated(' ', n)),
  'blanks in preformatted text': page((n) => `<pre>${repeated(' \n', n)}`),
  'tables in tables': page((n) => repeated('<table><tr><td>', n)),
  cells: page((n) => `<table><tr>${repeated('<td>', n)}`),
  'line breaks': page((n) => repeated('<br>', n))
};

const TABLES: Record<string, (n: number) => string> = {
  columns: (n) => `${numbered((i) => `a${i},`, n)}b\n1,2\n`,
  'columns of one name': (n) => `${repeated('a,', n)}a\n1,2\n`,
  'columns without a name': (n) => `${repeated(',', n)}\n1,2\n`,
  'one line': (n) => `a,b\n1,${repeated('x', n)}`,
  'empty lines': (n) => `a,b\n${repeated('\n', n)}`,
  'short records': (n) => `a,b\n${repeated('1\n', n)}`,
  quotes: (n) => `a,b\n${repeated('"', n)}`,
  'quotes in cells': (n) => `a,b\n${repeated('a"b,"c"d\n', n)}`,
  'quotes that do not end': (n) => `a,b\n${repeated('"a\n', n)}`,
  'blanks before quotes': (n) => `a,b\n${repeated('"a" ', n)}`,
  'carriage returns': (n) => `a,b\n${repeated('\r', n)}`
};

describe('pages of anybody', () => {
  beforeAll(async () => {
    for (let i = 0; i < 20; i++) await read('a.html', `<p>${repeated('<b>a</b> ', 20_000)}</p>`);
  });

  it.each(Object.entries(PAGES))('take no longer than their length says: %s', async (name, make) => {
    await expectLinear(name, 60_000, (n) => read('a.html', make(n)));
  });
});

describe('tables of anybody', () => {
  beforeAll(async () => {
    for (let i = 0; i < 20; i++) await read('a.csv', `a,b\n${repeated('1,2\n', 20_000)}`);
  });

  it.each(Object.entries(TABLES))('take no longer than their length says: %s', async (name, make) => {
    await expectLinear(name, 60_000, (n) => read('a.csv', make(n)));
  });

  it('of more columns than have names are refused', async () => {
    expect(await read('a.csv', `${'a,'.repeat(10_000)}a\n1,2\n`)).toMatch(
      'a.csv has 10001 columns in its first line, more than 10000'
    );
    expect(await read('a.csv', `${'a,'.repeat(9999)}a\n`)).not.toMatch('columns in its first line');
  });
});

import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type ChatTokenizer } from '../formats/tokenizer';
import { lastAnswer, NoAnswerError } from './explain';

let tokenizer: ChatTokenizer;

beforeAll(async () => {
  const read = async (name: string) =>
    JSON.parse(await readFile(`static/starter/model/${name}`, 'utf8')) as unknown;
  tokenizer = await loadTokenizer({
    tokenizerJson: await read('tokenizer.json'),
    tokenizerConfig: await read('tokenizer_config.json')
  });
});

const said = (...contents: string[]) => ({
  messages: contents.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content }))
});

/** What is marked, as text. */
const marked = (row: ReturnType<typeof lastAnswer>) =>
  tokenizer.decode([...row.tokens].filter((_, i) => row.trained[i] === 1));

describe('what is asked about', () => {
  it('is the last answer, with all before it as context', () => {
    const row = lastAnswer(said('Who?', 'Ada did it.', 'When?', 'In May.'), tokenizer, 1000);
    expect(marked(row)).toContain('In May.');
    expect(marked(row)).not.toContain('Ada');
    expect(tokenizer.decode([...row.tokens])).toContain('Ada did it.');
    expect(row.trained[0]).toBe(0);
  });

  it('keeps the answer of a conversation that is too long, and loses its beginning', () => {
    const long = said('Who?', 'Ada. '.repeat(50), 'When?', 'In May.');
    const row = lastAnswer(long, tokenizer, 40);
    expect(row.tokens).toHaveLength(40);
    expect(marked(row)).toBe(marked(lastAnswer(long, tokenizer, 1000)));
  });

  it('keeps the beginning of an answer that is too long, and some of the question', () => {
    const row = lastAnswer(said('Who was it?', 'In May. '.repeat(80)), tokenizer, 40);
    expect(row.tokens).toHaveLength(40);
    expect(row.trained.indexOf(1)).toBeLessThanOrEqual(10);
    expect(row.trained.indexOf(1)).toBeGreaterThan(0);
    expect(marked(row).startsWith('In May. In May.')).toBe(true);
  });

  it('is there: a question alone is not explained, nor an answer of nothing', () => {
    expect(() => lastAnswer(said('Who?', 'Ada.', 'When?'), tokenizer, 100)).toThrow(NoAnswerError);
    expect(() => lastAnswer({ text: '' }, tokenizer, 100)).toThrow(NoAnswerError);
  });
});

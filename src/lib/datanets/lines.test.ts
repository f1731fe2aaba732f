import { describe, expect, it } from 'vitest';
import { readLines, type TextInput, type TextLine } from './lines';

const bytes = (text: string) => new TextEncoder().encode(text);

async function all(input: TextInput, maxLineBytes?: number): Promise<TextLine[]> {
  const lines: TextLine[] = [];
  for await (const line of readLines(input, maxLineBytes)) lines.push(line);
  return lines;
}

const texts = async (input: TextInput) => (await all(input)).map((line) => line.text);

describe('lines', () => {
  it('end with LF or CRLF, or with the file', async () => {
    expect(await texts('a\nb\r\n\nc')).toEqual(['a', 'b', '', 'c']);
    expect(await texts('a\n')).toEqual(['a']);
    expect(await texts('')).toEqual([]);
    expect(await texts('a\rb\n')).toEqual(['a\rb']);
  });

  it('are numbered from 1', async () => {
    expect((await all('a\n\nb')).map((line) => line.number)).toEqual([1, 2, 3]);
  });

  it('know their length in the file, with the marks that were left out', async () => {
    expect((await all('\uFEFFa\r\né\n\nb')).map((line) => line.bytes)).toEqual([6, 3, 1, 1]);
    expect((await all('abcd\nb', 3)).map((line) => line.bytes)).toEqual([5, 1]);
  });

  it('are plain where they are their text and one line feed', async () => {
    const plain = async (input: TextInput) => (await all(input)).map((line) => line.plain);
    expect(await plain('a\n\né\n')).toEqual([true, true, true]);
    expect(await plain('a\r\nb\r\nc\r')).toEqual([false, false, false]);
    expect(await plain('\uFEFFa\n\uFEFFb\nc')).toEqual([false, true, false]);
    expect(await plain([Uint8Array.of(0x61, 0xff, 0x0a)])).toEqual([false]);
  });

  it('lose a byte order mark at the start of the file, and only there', async () => {
    expect(await texts('\uFEFFa\n\uFEFFb')).toEqual(['a', '\uFEFFb']);
    expect(await texts([bytes('\uFEFF').subarray(0, 1), bytes('\uFEFFa').subarray(1)])).toEqual(['a']);
  });

  it('come from strings, blobs, and byte streams alike', async () => {
    const text = 'é🎉\r\nb\n'.repeat(3);
    const expected = ['é🎉', 'b', 'é🎉', 'b', 'é🎉', 'b'];
    async function* stream() {
      // One buffer for all chunks, as some readers do it.
      const buffer = new Uint8Array(3);
      const source = bytes(text);
      for (let at = 0; at < source.length; at += 3) {
        const part = source.subarray(at, at + 3);
        buffer.set(part);
        yield buffer.subarray(0, part.length);
      }
    }
    expect(await texts(text)).toEqual(expected);
    expect(await texts(new Blob([text]))).toEqual(expected);
    expect(await texts(stream())).toEqual(expected);
  });

  it('of long strings keep their surrogate pairs', async () => {
    const text = `${'x'.repeat((1 << 20) - 1)}🎉`;
    expect(await texts(text)).toEqual([text]);
  });

  it('that are too long are refused, their memory freed, and the next is read', async () => {
    async function* huge() {
      for (let i = 0; i < 100; i += 1) yield bytes('x'.repeat(1000));
      yield bytes('\nnext');
    }
    const lines = await all(huge(), 2000);
    expect(lines).toMatchObject([
      { number: 1, problem: 'longer than 2000 bytes (100000)', text: 'x'.repeat(512) },
      { number: 2, text: 'next' }
    ]);
    expect((await all('x'.repeat(20), 20))[0].problem).toBeUndefined();
    expect((await all('x'.repeat(21), 20))[0].problem).toBeDefined();
  });

  it('that are not UTF-8 are refused', async () => {
    const lines = await all([Uint8Array.of(0x61, 0xff, 0x0a), bytes('b')]);
    expect(lines).toMatchObject([{ problem: expect.stringContaining('not UTF-8') }, { text: 'b' }]);
    const utf16 = await all([Uint8Array.of(0xff, 0xfe, 0x61, 0x00)]);
    expect(utf16[0].problem).toContain('UTF-16');
  });
});

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { canonicalLines, canonicalRow, rowsSha256 } from './canonical';
import type { Row } from './row';

const CHAT: Row = {
  source: 'forum',
  messages: [{ role: 'user', content: 'é\n"' }],
  contributor: 'Ann'
};

it('writes a row as RFC 8785 does: sorted keys, no spaces, nothing escaped that need not be', () => {
  expect(canonicalRow(CHAT)).toBe(
    '{"contributor":"Ann","messages":[{"content":"é\\n\\"","role":"user"}],"source":"forum"}'
  );
  expect(canonicalRow({ text: 'a', contributor: 'Ann' })).toBe('{"contributor":"Ann","text":"a"}');
  expect(canonicalRow({ text: 'a' })).toBe('{"text":"a"}');
});

it('hashes the rows as JSON Lines', () => {
  const rows: Row[] = [CHAT, { text: 'a' }];
  const file = [...canonicalLines(rows)].join('');
  expect(file.split('\n')).toHaveLength(3);
  expect(rowsSha256(rows)).toEqual({
    sha256: createHash('sha256').update(file).digest('hex'),
    bytes: Buffer.byteLength(file)
  });
});

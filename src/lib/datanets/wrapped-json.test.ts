import { describe, expect, it } from 'vitest';
import { readItems } from './items';
import { unwrap } from './wrapped-json';

const row = { instruction: 'x', output: 'y' };

describe('a file that is one object', () => {
  it('has its rows in its only list, or in the one that is usually meant', () => {
    expect(unwrap({ version: 1, things: [row] })).toEqual({
      field: 'things',
      fields: ['things'],
      items: [row]
    });
    expect(unwrap({ meta: [{ a: 1 }], data: [row] })).toMatchObject({ field: 'data', items: [row] });
    expect(unwrap({ train: [row], test: [{ ...row, output: 'z' }] })).toMatchObject({ field: 'train' });
  });

  it('has them in the field asked for, or says which there are', () => {
    expect(unwrap({ a: [row], b: [row, row] }, 'b')).toMatchObject({ field: 'b', items: [row, row] });
    expect(unwrap({ a: [row], b: [row] })).toMatchObject({
      reason: 'holds several lists (a, b): say which one has the rows'
    });
    expect(unwrap({ a: [row] }, 'c')).toMatchObject({
      reason: 'no list of rows in the field "c". It has: a'
    });
  });

  it('is a row itself, or turns of one', () => {
    const messages = [{ role: 'user', content: 'x' }];
    expect(unwrap({ messages })).toBeUndefined();
    expect(unwrap({ ...row, tags: ['a'] })).toBeUndefined();
    expect(unwrap({ id: 1, dialog: messages })).toBeUndefined();
    expect(unwrap({ prompt: messages, completion: messages })).toBeUndefined();
    expect(unwrap([row])).toBeUndefined();
  });

  it('may hold columns: lists of one length, or records under the same numbers', () => {
    const items = [
      { q: 'a', a: 'b' },
      { q: 'c', a: 'd' }
    ];
    expect(unwrap({ q: ['a', 'c'], a: ['b', 'd'] })).toMatchObject({ items });
    expect(unwrap({ q: { 0: 'a', 1: 'c' }, a: { 0: 'b', 1: 'd' } })).toMatchObject({ items });
    expect(unwrap({ q: ['a', 'c'], a: ['b'] })).toBeUndefined();
    expect(unwrap({ q: { 0: 'a' }, a: { 1: 'b' } })).toBeUndefined();
  });

  it('is not a line of JSONL among others', async () => {
    const kinds = async (text: string) => {
      const items = [];
      for await (const item of readItems('a.jsonl', text)) items.push(item.kind);
      return items;
    };
    const line = JSON.stringify({ things: [row] });
    expect(await kinds(`${line}\n${line}\n`)).toEqual(['value', 'value']);
    expect(await kinds(`${line}\n\n`)).toEqual(['wrapped', 'value']);
    expect(await kinds(`${line}\nno JSON`)).toEqual(['value', 'problem']);
  });
});

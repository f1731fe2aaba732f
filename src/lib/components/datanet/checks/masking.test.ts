import { describe, expect, it } from 'vitest';
import { fakeClient } from '$lib/components/testing';
import type { Finding } from '$lib/datanets/checks/finding';
import type { DatanetWorker, RowItem } from '$lib/workers/datanets/protocol';
import { DatanetPage } from '../page.svelte';
import { Masking } from './masking.svelte';

const find = (row: number, kind: string, start: number, mask?: string): Finding => ({
  check: kind === 'aws-key' ? 'secret' : 'personal-data',
  severity: 'warning',
  row,
  message: 'found',
  kind,
  span: { field: 'text', start, end: start + 3 },
  mask
});

const row = (key: number, findings: Finding[]): RowItem => ({
  key,
  cid: `cid${key}`,
  content: { text: 'a row of words' },
  contributor: 'Ines',
  tags: [],
  drafted: false,
  status: 'new',
  length: 14,
  findings
});

const both = row(1, [find(1, 'email', 0, '[e-mail]'), find(1, 'aws-key', 5, '[key]')]);
const rows = { 'personal-data': [both, row(2, [find(2, 'email', 3, '[e-mail]')])], secret: [both] };

function page(mask: DatanetWorker['mask']): DatanetPage {
  const client = fakeClient<DatanetWorker>({
    view: async (_, { finding }) => ({ view: finding!, total: rows[finding as keyof typeof rows].length }),
    items: async (view, from, count) => rows[view as keyof typeof rows].slice(from, from + count),
    mask
  });
  return new DatanetPage(client, 'a');
}

describe('masking', () => {
  it('counts each finding once, though a row is found by two checks', async () => {
    const masking = new Masking(page(async () => 0));
    await masking.read();
    expect(masking.kinds).toEqual([
      { kind: 'email', count: 2 },
      { kind: 'aws-key', count: 1 }
    ]);
    expect(masking.rows.map(({ key }) => key)).toEqual([1, 2]);
  });

  it('leaves alone the kinds that a person leaves out', async () => {
    let masked: Finding[] = [];
    const masking = new Masking(
      page(async (_, findings) => {
        masked = findings;
        return 2;
      })
    );
    await masking.read();
    masking.toggle('aws-key');
    expect(masking.covers(both.findings[1])).toBe(false);
    expect(await masking.mask()).toBe(true);
    expect(masked.map(({ kind }) => kind)).toEqual(['email', 'email']);
    expect(masking.changed).toBe(2);
  });

  it('that fails says so and keeps what was found', async () => {
    const datanet = page(async () => {
      throw new Error('storage is full');
    });
    const masking = new Masking(datanet);
    await masking.read();
    expect(await masking.mask()).toBe(false);
    expect(datanet.error).toMatchObject({ message: 'storage is full' });
    expect(masking.findings).toHaveLength(3);
  });
});

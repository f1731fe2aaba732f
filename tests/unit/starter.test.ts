/** The starter Datanet is a bundle like any other, and it is the one that its sources make. */
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBundle, type Bundle } from '../../src/lib/datanets/bundle/bundle';
import { starterBundle } from '../../tools/starter/bundle';

let bundle: Bundle;
beforeAll(async () => {
  bundle = await openBundle(await openAsBlob('static/starter/datanet/pelhaven.datanet'));
});

const lines = async (file: string) =>
  (await readFile(`tools/starter/datanet/${file}`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the starter Datanet', () => {
  it('is open, CC0, signed, and holds what it says', async () => {
    expect(bundle.permissioned).toBe(false);
    const { facts, contributors, splits } = bundle.version.statement;
    expect(facts).toMatchObject({ name: 'The Pelhaven handbook', licence: { spdx: 'CC0-1.0' } });
    expect(contributors.map(({ name, role }) => `${name}, ${role}`)).toContain('Ines Marrow, light keeper');
    expect(splits).toEqual({ train: 264, validation: 0, test: 80 });
    const { tally } = await bundle.verifyRows();
    expect(tally.contributors.size).toBe(5);
  });

  it('has the rows of its sources in their order, the held-out ones last', async () => {
    const [rows, heldOut] = await Promise.all([lines('rows.jsonl'), lines('held-out.jsonl')]);
    const expected = [...rows, ...heldOut].map(({ messages, contributor, source }) => ({
      messages,
      contributor,
      source
    }));
    const found = [];
    for await (const { split, ...row } of bundle.rows()) {
      expect(split).toBe(found.length < rows.length ? undefined : 'test');
      found.push(row);
    }
    expect(found).toEqual(expected);
  });

  it('says what its script says, in the name of the same key', async () => {
    const again = (await openBundle(await starterBundle())).version.statement;
    // How the description for other tools is worded changes with what writes it.
    expect({ ...again, files: [] }).toEqual({ ...bundle.version.statement, files: [] });
  });
});

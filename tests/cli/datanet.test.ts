/** Datanets on the command line: their rules are asked before anything else happens. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { inheritedVersions, NeedsPageError, openData, starterDatanet } from '../../src/cli/shared-data';
import type { DatanetRow } from '../../src/lib/datanets/datanet';
import type { Policy } from '../../src/lib/datanets/policy/policy';
import { NothingAllowedError } from '../../src/lib/jobs/training-data';
import { makeBundle } from '../support/bundle';
import { runScript } from './run-cli';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-datanet-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
});
afterEach(() => vi.restoreAllMocks());

const rows: DatanetRow[] = [
  { text: 'High water is at noon.', contributor: 'Ines' },
  { text: 'The pilot sleeps.', contributor: 'Sal', split: 'test' }
];
/** Writes a bundle with these rows and rules. @returns its path */
async function bundle(name: string, policy: Partial<Policy>, sealed = false): Promise<string> {
  const path = join(folder, `${name}.datanet`);
  await writeFile(path, await makeBundle(name, rows, policy, sealed));
  return path;
}

describe('a Datanet given to a command', () => {
  it('gives the rows of its splits, and says what is owed for them', async () => {
    const training = { rule: 'conditions' as const, purposes: ['research'], attribution: true };
    const path = await bundle('tides', { training, evaluation: { rule: 'forbidden' } });
    const data = await openData(path, 'research');
    expect(data.rows).toEqual([rows[0]]);
    expect(data.heldOut).toEqual([]);
    expect(data.versions).toMatchObject([{ datanet: 'tides', purpose: 'research', rows: 1, heldOut: 0 }]);
    expect(said.join('')).toMatch(/tides: 1 row left out of evaluation\. By the rules of the Datanet/);
    expect(said.join('')).toMatch(/to be named where results are shown: Ines of Pelhaven\.\n/);
    await expect(openData(path)).rejects.toThrow(NothingAllowedError);
  });

  it('is whole and free where it is the starter', async () => {
    const { rows, heldOut, versions } = await openData(starterDatanet);
    expect([rows.length, heldOut.length]).toEqual([264, 80]);
    expect(versions[0].refusals).toEqual([]);
    expect(said).toEqual([]);
  });

  it('is refused where it is sealed, or counts runs', async () => {
    await expect(openData(await bundle('sealed', {}, true))).rejects.toThrow(/needs a grant of its owner/);
    const counted = await bundle('counted', { training: { rule: 'conditions', runs: 3 } });
    await expect(openData(counted)).rejects.toThrow(NeedsPageError);
  });

  it('stays known when an adapter that learned from it is trained on', async () => {
    const adapter = join(folder, 'adapter');
    const [first, second] = ['one', 'two'].map((version) => ({ version, rows: 3 }));
    await mkdir(adapter);
    await writeFile(
      join(adapter, 'run.json'),
      JSON.stringify({ datanets: [first], inherited: [second, first] })
    );
    expect(await inheritedVersions(adapter)).toEqual([first, second]);
    await writeFile(join(adapter, 'run.json'), '{}');
    expect(await inheritedVersions(adapter)).toEqual([]);
    expect(await inheritedVersions(undefined)).toEqual([]);
  });

  it('ends the command before it begins where nothing may be used, in one line and with code 1', async () => {
    const path = await bundle('closed', { training: { rule: 'forbidden' } });
    const { code, stdout, stderr } = await runScript(
      'finetune',
      '--data',
      path,
      '--out',
      join(folder, 'never')
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^No row is left to train on\. "closed", 1 row: By the rules of the Datanet, .* forbidden/m
    );
    expect(stderr).not.toMatch(/^ +at /m);
    expect(await readdir(folder)).not.toContain('never');
  }, 60_000);
});

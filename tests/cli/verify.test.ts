/** Files verified on the command line: what is said, and what a script learns of it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { starterDatanet } from '../../src/cli/shared-data';
import { openBundle } from '../../src/lib/datanets/bundle/bundle';
import { rowCid, rowContent } from '../../src/lib/datanets/content/cid';
import type { VerifyReport } from '../../src/lib/datanets/verify/verify';
import { runCli, runScript } from './run-cli';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-verify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, data: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, data);
  return path;
}

describe('npm run verify', { timeout: 60_000 }, () => {
  it('needs no GPU, and ends with 0 where every check holds', async () => {
    const { code, stdout, stderr } = await runCli(['verify', starterDatanet]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^A version of a Datanet, with its rows\n/);
    expect(stdout).toMatch(/^holds {4}signature: Signed by “The Tabtune project”/m);
    expect(stdout).toMatch(/\d+ holds, 0 fails, 0 unknown\.\n$/);
  });

  it('ends with 1 where a check fails, as JSON where that is asked for', async () => {
    const bytes = await readFile(starterDatanet);
    bytes[bytes.indexOf('lighthouse')] ^= 1;
    const path = await write('changed.datanet', bytes);
    const { code, stdout, stderr } = await runScript('verify', path, '--json');
    expect([code, stderr]).toEqual([1, '']);
    const report = JSON.parse(stdout) as VerifyReport;
    expect(report.kind).toBe('version');
    expect(report.checks.filter(({ state }) => state === 'fails').map(({ name }) => name)).toContain('parts');
  });

  it('compares a proof with what is given with it, as often as that is', async () => {
    const bundle = await openBundle(new Blob([await readFile(starterDatanet)]));
    const { tree } = await bundle.verifyRows();
    const first = (await bundle.rows().next()).value!;
    const proof = {
      ...{ format: 'standard-v1', leafEncoding: ['string', 'string'], root: tree.root },
      ...{ value: [rowCid(rowContent(first)), first.contributor], proof: tree.proof(0) }
    };
    const path = await write('row.proof.json', JSON.stringify(proof));
    const alone = await runScript('verify', path);
    expect(alone.code).toBe(1);
    expect(alone.stdout).toMatch(/^unknown {2}root: .*Give the version’s bundle with it\./m);
    const stray = await write('stray.txt', 'stray');
    const both = await runScript('verify', path, '--related', stray, `--related=${starterDatanet}`);
    expect(both.stdout).toMatch(/^holds {4}root: /m);
    expect(both.stdout).toMatch(/^unknown {2}files given with it: One of them could not be used/m);
    expect((await runScript('verify', path, '--related', starterDatanet)).code).toBe(0);
  });

  it('ends with 2 where there is nothing to verify, in one line', async () => {
    const foreign = await runScript('verify', await write('notes.txt', '\u001b[31mhello'), '--json');
    expect([foreign.code, (JSON.parse(foreign.stdout) as VerifyReport).kind]).toEqual([2, 'unreadable']);
    for (const args of [
      [],
      ['a', 'b'],
      [join(folder, 'nowhere')],
      [starterDatanet, '--related', folder + '/no']
    ]) {
      const { code, stdout, stderr } = await runScript('verify', ...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^[^\n]+\n$/);
    }
  });
});

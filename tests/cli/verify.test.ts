/** Files verified on the command line: what is said, and what a script learns of it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { starterDatanet } from '../../src/cli/shared-data';
import { openBundle } from '../../src/lib/datanets/bundle/bundle';
import { rowCid, rowContent } from '../../src/lib/datanets/content/cid';
import { canonicalJson } from '../../src/lib/datanets/canonical';
import { createIdentity } from '../../src/lib/datanets/trust/identity';
import { signStatement } from '../../src/lib/datanets/trust/sign';
import { everyStatement } from '../../src/lib/datanets/trust/testing';
import type { VerifyReport } from '../../src/lib/datanets/verify/verify';
import { runCli, runScript } from './run-cli';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-verify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const someAccount = '0x52908400098527886E0F7030069857D2E4169EE7';

/** A node that says which chain it is of, and nothing else. */
async function fakeNode(chainId: number): Promise<{ url: string; close: () => void }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: `0x${chainId.toString(16)}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    }
  };
}

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

  it('asks the node of a chain for what only a chain can tell', async () => {
    const person = await createIdentity('Ada');
    const { validation } = everyStatement(person.person, person.person);
    const signed = await signStatement(person, validation);
    // Longer than a plain account's: a contract account's.
    const wallet = {
      standard: 'EIP-712',
      address: someAccount,
      chainId: 31337,
      value: `0x${'ab'.repeat(66)}`
    };
    const path = await write('contract.tabtune.json', canonicalJson({ ...signed, wallet }));
    expect((await runScript('verify', path)).stdout).toMatch(
      /^unknown {2}wallet: .*only its chain \(31337\)/m
    );
    const node = await fakeNode(1);
    const other = await runScript('verify', path, '--rpc', node.url);
    expect(other.stdout).toMatch(/^unknown {2}wallet: Only chain 31337 can tell, .*they are of 1/m);
    node.close();
    const nobody = await runScript('verify', path, '--rpc', node.url);
    expect([nobody.code, nobody.stdout]).toEqual([2, '']);
    expect(nobody.stderr).toMatch(/No node of a chain answers at http/);
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

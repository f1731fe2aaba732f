/** What is signed of a run is what the browser knows of it, and nothing else. */
import 'fake-indexeddb/auto';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
import { beforeEach, describe, expect, it } from 'vitest';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { SHARE_RULES } from '../../attribution/shares';
import { claimOf } from '../../attribution/claims/wallet-signature';
import { canonicalJson } from '../../datanets/canonical';
import type { AttributionReceipt, RunManifest } from '../../datanets/trust/claims';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';
import type { StatementRequest } from '../datanets/protocol';
import { CannotSignError } from '../datanets/signing-desk';
import { Browser } from '../datanets/testing-people';
import { adapterSha256, saveAdapter } from '../stored-adapter';
import {
  BASE_SHA256,
  contributor,
  madeRun,
  measured,
  publish,
  ROWS_SHA256,
  smallAdapter,
  statementOf
} from './testing-claims';

let ada: Browser;

beforeEach(async () => {
  ada = await Browser.of('Ada');
});

const prepare = (request: StatementRequest) => ada.exchange.prepare(request, () => undefined);

async function pelhaven(): Promise<string> {
  const id = await ada.create();
  await ada.write(id, 'The harbour opens at six.', 'The ferry leaves at noon.');
  return id;
}

describe('a run manifest', () => {
  it('says of a run all that repeating it takes', async () => {
    const use = await publish(ada, await pelhaven());
    const { adapter } = await madeRun(ada, {
      versions: [use],
      heldOut: { rows: 2, before: 2.5, after: 0.25 }
    });
    const { file, cid } = await ada.sign({ kind: 'run-manifest', adapter, expires: '2127-01-01T00:00:00Z' });
    const manifest = (await statementOf(file)) as RunManifest;
    expect(manifest).toMatchObject({
      kind: 'run-manifest',
      by: ada.person,
      name: 'Pelhaven, version 1 on tabtune-starter',
      base: { name: 'tabtune-starter', sha256: BASE_SHA256 },
      data: { sha256: ROWS_SHA256, rows: 3, heldOut: 2 },
      adapter: { sha256: await adapterSha256(ada.store, adapter) },
      steps: 3,
      heldOutLoss: { before: 2.5, after: 0.25 },
      device: 'SwiftShader',
      software: 'tabtune 0.0.9',
      expires: '2127-01-01T00:00:00Z'
    });
    expect(manifest.datanets).toEqual([
      {
        ...{ datanet: use.datanet, name: 'Pelhaven', number: 1, version: use.version, root: use.root },
        ...{ licence: { spdx: 'CC-BY-4.0' }, weight: 1500, rows: 2, heldOut: 0, part: 'used' }
      }
    ]);
    expect(manifest.config).toMatchObject({ seed: 7, learningRate: 2e-3, shuffle: true, method: 'qlora' });
    expect(manifest.config).not.toHaveProperty('model');
    expect(manifest.configSha256).toBe(bytesToHex(sha256(utf8ToBytes(canonicalJson(manifest.config)))));
    expect(manifest).not.toHaveProperty('startedFrom');
    expect((await ada.store.claims.provenance(adapter))?.manifest).toBe(cid);
  });

  it('names what the adapter before had learned from, and that adapter', async () => {
    const use = await publish(ada, await pelhaven());
    const first = await madeRun(ada, { versions: [use], value: 0.25 });
    const next = await madeRun(ada, { inherited: [use], startedFrom: first.adapter });
    const { statement } = await prepare({ kind: 'run-manifest', adapter: next.adapter });
    expect(statement).toMatchObject({
      startedFrom: await adapterSha256(ada.store, first.adapter),
      datanets: [{ version: use.version, part: 'inherited' }]
    });
    await ada.store.deleteAdapter(first.adapter);
    await expect(prepare({ kind: 'run-manifest', adapter: next.adapter })).rejects.toThrow(
      /went on from was deleted/
    );
  });

  it('takes the licence from the version where the run did not note it, and says where nobody knows it', async () => {
    const id = await pelhaven();
    const { licence: _, ...use } = await publish(ada, id);
    const { adapter } = await madeRun(ada, { versions: [use] });
    const { statement } = await prepare({ kind: 'run-manifest', adapter });
    expect((statement as RunManifest).datanets[0].licence).toEqual({ spdx: 'CC-BY-4.0' });
    await ada.store.datanets.remove(id);
    await expect(prepare({ kind: 'run-manifest', adapter })).rejects.toThrow(/Open its file again/);
  });

  it('warns of what makes it worth less', async () => {
    const stopped = await madeRun(ada, { status: 'stopped' });
    const { warnings } = await prepare({ kind: 'run-manifest', adapter: stopped.adapter });
    expect(warnings.join('\n')).toMatch(/stopped early[^]*no Datanet[^]*No rows were held out/);
    const whole = await madeRun(ada, {
      versions: [await publish(ada, await pelhaven())],
      heldOut: { rows: 1, before: 1, after: 1 }
    });
    expect((await prepare({ kind: 'run-manifest', adapter: whole.adapter })).warnings).toEqual([]);
  });

  it('is refused for adapters whose run is not known', async () => {
    const { id } = await saveAdapter(ada.store, smallAdapter(), { name: 'From elsewhere' });
    await expect(prepare({ kind: 'run-manifest', adapter: id })).rejects.toThrow(
      /was not made in this browser/
    );
    const made = await madeRun(ada);
    await ada.store.updateRun(made.run, { run: { page: {} } });
    await expect(prepare({ kind: 'run-manifest', adapter: made.adapter })).rejects.toThrow(/was cut off/);
    await ada.store.deleteRun(made.run);
    await expect(prepare({ kind: 'run-manifest', adapter: made.adapter })).rejects.toThrow(/was deleted/);
    await expect(
      prepare({ kind: 'run-manifest', adapter: made.adapter, expires: '2001-01-01T00:00:00Z' })
    ).rejects.toThrow(CannotSignError);
  });

  it('can be signed by a wallet, too', async () => {
    const wallet = privateKeyToAccount(generatePrivateKey());
    const { adapter } = await madeRun(ada);
    const { prepared, statement } = await prepare({ kind: 'run-manifest', adapter });
    const claim = claimOf(statement as WalletStatement, 1);
    const value = await wallet.signTypedData(claim as Parameters<typeof wallet.signTypedData>[0]);
    const { file } = await ada.exchange.sign(prepared, {
      ...{ standard: 'EIP-712', address: wallet.address, chainId: 1, value }
    });
    const bo = await Browser.of('Bo');
    expect((await bo.open(file)).kind).toBe('run-manifest');
  });
});

describe('an attribution receipt', () => {
  it('says whose rows made an adapter, in millionths that a contract can read', async () => {
    const { adapter, run } = await madeRun(ada);
    await measured(
      ada,
      run,
      [contributor('Ines', 1 / 3), contributor('Sal', 1 / 3), contributor('Bo', 1 / 3)],
      {
        retraining: {
          ...{ loss: 1, models: 8, milliseconds: 1 },
          leaveOneOut: ['Ines', 'Sal', 'Bo'].map((id) => ({ id, name: id, loss: 1, cost: 0.1 })),
          scores: [{ name: 'cosine', lds: 0.4321, leaveOneOut: 0.5 }]
        }
      }
    );
    const { cid: manifest } = await ada.sign({ kind: 'run-manifest', adapter });
    const { file, cid } = await ada.sign({ kind: 'attribution-receipt', adapter });
    const receipt = (await statementOf(file)) as AttributionReceipt;
    expect(receipt).toMatchObject({
      manifest,
      adapter: await adapterSha256(ada.store, adapter),
      method: { estimator: 'cosine', moments: [1, 3], sketch: { width: 64, seed: 1 }, rules: SHARE_RULES },
      trust: {
        agreement: { tracIn: 875 },
        lds: { score: 432, models: 8 },
        leaveOneOut: { correlation: 500, contributors: 3 }
      }
    });
    expect(receipt.trust.agreement).not.toHaveProperty('cosine');
    expect(receipt.shares.map(({ share }) => share)).toEqual([333_334, 333_333, 333_333]);
    const leaves = receipt.shares.map(({ id, share }) => [id, BigInt(share)]);
    expect(receipt.sharesRoot).toBe(StandardMerkleTree.of(leaves, ['string', 'uint256']).root);
    expect((await ada.store.claims.provenance(adapter))?.receipt).toBe(cid);
    const { warnings } = await prepare({ kind: 'run-manifest', adapter });
    expect(warnings.join(' ')).toContain('sign who made it again');
  });

  it('needs a measurement, and a standing manifest of the same adapter', async () => {
    const { adapter, run } = await madeRun(ada);
    const receipt = () => prepare({ kind: 'attribution-receipt', adapter });
    await expect(receipt()).rejects.toThrow(/was not measured yet/);
    await measured(ada, run, [contributor('Ines', 1)]);
    await expect(receipt()).rejects.toThrow(/Sign first how the adapter was made/);
    const { cid } = await ada.sign({ kind: 'run-manifest', adapter });
    await expect(receipt()).resolves.toBeDefined();
    await ada.sign({ kind: 'retraction', claim: cid, reason: 'Wrong file' });
    await expect(receipt()).rejects.toThrow(/was taken back/);
  });

  it('warns where nobody can be paid, or nobody vouches for the figures', async () => {
    const { adapter, run } = await madeRun(ada);
    await ada.sign({ kind: 'run-manifest', adapter });
    await measured(ada, run, [contributor('Ines', 1), contributor('x', 0, { name: '' })]);
    const { warnings } = await prepare({ kind: 'attribution-receipt', adapter });
    expect(warnings.join('\n')).toMatch(/no name[^]*no known wallet[^]*not compared with retraining/);
    await measured(ada, run, [contributor('Ines', 0)]);
    const nobody = await prepare({ kind: 'attribution-receipt', adapter });
    expect(nobody.warnings.join('\n')).toMatch(/share of zero/);
    expect((nobody.statement as AttributionReceipt).shares[0].share).toBe(0);
    await measured(ada, run, [contributor('Ines', 1)], { rules: SHARE_RULES - 1 });
    await expect(prepare({ kind: 'attribution-receipt', adapter })).rejects.toThrow(
      /rules that this version/
    );
    await measured(ada, run, [contributor('', 1)]);
    await expect(prepare({ kind: 'attribution-receipt', adapter })).rejects.toThrow(
      /do not say whose they are/
    );
  });

  it('carries the wallets that contributors have shown to be theirs', async () => {
    const bo = await Browser.of('Bo');
    const wallet = privateKeyToAccount(generatePrivateKey());
    const { prepared, statement } = await bo.exchange.prepare(
      { kind: 'wallet-link', address: wallet.address },
      () => undefined
    );
    const claim = claimOf(statement as WalletStatement, 1);
    const value = await wallet.signTypedData(claim as Parameters<typeof wallet.signTypedData>[0]);
    await ada.take(
      await bo.exchange.sign(prepared, { standard: 'EIP-712', address: wallet.address, chainId: 1, value })
    );
    const { adapter, run } = await madeRun(ada);
    await ada.sign({ kind: 'run-manifest', adapter });
    await measured(ada, run, [contributor(bo.person.id, 0.75), contributor('Ines', 0.25)]);
    const { statement: receipt } = await prepare({ kind: 'attribution-receipt', adapter });
    const [first, second] = (receipt as AttributionReceipt).shares;
    expect(first.wallet).toBe(wallet.address);
    expect(second).not.toHaveProperty('wallet');
  });
});

describe('a retraction', () => {
  it('is of an own claim, once, and of those that are taken back this way', async () => {
    const { adapter } = await madeRun(ada);
    const made = await ada.sign({ kind: 'run-manifest', adapter });
    const bo = await Browser.of('Bo');
    await bo.take(made);
    const request = { kind: 'retraction' as const, claim: made.cid, reason: '' };
    await expect(bo.sign(request)).rejects.toThrow(/Only “Ada”/);
    await ada.sign(request);
    await expect(ada.sign(request)).rejects.toThrow(/taken back already/);
    const invitation = await ada.sign({ kind: 'invitation', id: await ada.create() });
    await expect(ada.sign({ ...request, claim: invitation.cid })).rejects.toThrow(/not taken back by this/);
    await expect(ada.sign({ ...request, claim: 'bafkreinothing' })).rejects.toThrow(/not in the browser/);
  });
});

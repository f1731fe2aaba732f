/** Contract accounts (ERC-1271) sign what plain ones sign; without their chain nothing is said for or against them. */
import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeAbiParameters } from 'viem';
import { canonicalJson } from '../../datanets/canonical';
import { readSigned } from '../../datanets/trust/sign';
import type { WalletSignature } from '../../datanets/trust/statements';
import { ChainUnavailableError, type ChainRequest } from '../../datanets/verify/chain-request';
import { MemoryFileCache } from '../../formats/file-cache';
import { DataService } from '../data-service';
import { HubLibrary } from '../hub-library';
import { ClaimService } from '../claims/service';
import { madeRun } from '../claims/testing-claims';
import type { StatementRequest } from './protocol';
import { CannotSignError } from './signing-desk';
import { Browser } from './testing-people';

const licence = { spdx: 'CC-BY-4.0' };
const address = '0x52908400098527886E0F7030069857D2E4169EE7';
const CHAIN = 8453;
/** Longer than a plain account's, as passkeys and several owners make them. */
const long = wallet(`0x${'7'.repeat(2 * 200)}`);
/** As long as a plain account's, and none that a key could have made of this. */
const short = wallet(`0x${'1b'.repeat(65)}`);

function wallet(value: string): WalletSignature {
  return { standard: 'EIP-712', address, chainId: CHAIN, value };
}

let ada: Browser;
let bo: Browser;
let asked: string[];
beforeEach(async () => {
  ada = await Browser.of('Ada');
  bo = await Browser.of('Bo');
  asked = [];
});

/** A chain whose accounts accept every signature, or none: all that ERC-6492's validator says is one word. */
function chainThat(accepts: boolean): ChainRequest {
  return async (chainId, { method }) => {
    asked.push(`${chainId} ${method}`);
    if (method === 'eth_chainId') return `0x${CHAIN.toString(16)}`;
    return encodeAbiParameters([{ type: 'bool' }], [accepts]);
  };
}

const prepare = async (person: Browser, request: StatementRequest) =>
  (await person.exchange.prepare(request, () => undefined)).prepared;
const claims = (browser: Browser) => new ClaimService(Promise.resolve(browser.store), () => browser.now);
const data = ({ store }: Browser) =>
  new DataService(Promise.resolve(store), new HubLibrary(new MemoryFileCache()));

/** A contribution of Bo's to Ada's Datanet, prepared. */
async function preparedContribution(): Promise<{ prepared: string; pelhaven: string }> {
  const pelhaven = await ada.create();
  const id = await bo.take(await ada.sign({ kind: 'invitation', id: pelhaven }));
  await bo.write(id, 'One row');
  return { pelhaven, prepared: await prepare(bo, { kind: 'contribution', id, source: '', licence }) };
}

describe('a contract account', () => {
  it('signs where its chain says that it accepts the signature, and is not signed with where it does not', async () => {
    const { adapter } = await madeRun(ada);
    const prepared = await prepare(ada, { kind: 'run-manifest', adapter });
    await expect(ada.exchange.sign(prepared, long, chainThat(false))).rejects.toThrow(/does not accept/);
    expect(await ada.count('', 'run-manifest')).toBe(0);
    const { cid, file } = await ada.exchange.sign(prepared, long, chainThat(true));
    expect(asked).toContain(`${CHAIN} eth_call`);
    expect((await readSigned(await file.text())).wallet).toEqual(long);
    const [kept] = await claims(ada).claims();
    expect(kept).toMatchObject({ cid, wallet: long });
    expect(kept).not.toHaveProperty('walletUnasked');
  });

  it('is told what to do where nobody was asked, and can then be asked again or left out', async () => {
    const { adapter } = await madeRun(ada);
    const prepared = await prepare(ada, { kind: 'run-manifest', adapter });
    const down: ChainRequest = () => Promise.reject(new Error('The line broke'));
    for (const [chain, reason] of [
      [undefined, /only its chain \(8453\) can check/],
      [down, /The line broke/]
    ] as const) {
      const refused = ada.exchange.sign(prepared, long, chain);
      await expect(refused).rejects.toThrow(CannotSignError);
      await expect(refused).rejects.toThrow(reason);
      await expect(refused).rejects.toThrow(/on chain 8453, and sign again, or sign without the wallet/);
    }
    expect(await ada.count('', 'run-manifest')).toBe(0);
    const signed = await readSigned(await (await ada.exchange.sign(prepared)).file.text());
    expect(signed).not.toHaveProperty('wallet');
  });

  it('that signs with 65 bytes is known for one by whoever has no chain', async () => {
    const { adapter } = await madeRun(ada);
    const prepared = await prepare(ada, { kind: 'run-manifest', adapter });
    const { file } = await ada.exchange.sign(prepared, short, chainThat(true));
    const { wallet } = await readSigned(await file.text());
    expect(wallet?.value).toMatch(/^0x[0-9a-f]*(6492){16}$/);
    expect(wallet?.value).toContain('1b'.repeat(65));
    expect((await bo.open(file)).unknown).toMatch(/contract account/);
    // As the wallet gave it, it would be a plain account's signature that fails.
    const bare = { ...(await readSigned(await file.text())), wallet: short };
    await expect(bo.open(new File([canonicalJson(bare)], 'x.tabtune.json'))).rejects.toThrow(
      /cannot be read|not by/
    );
  });

  it('whose signature nobody could read later signs nothing', async () => {
    const { adapter } = await madeRun(ada);
    const prepared = await prepare(ada, { kind: 'run-manifest', adapter });
    const endless = wallet(`0x${'7'.repeat(2 * 5000)}`);
    await expect(ada.exchange.sign(prepared, endless, chainThat(true))).rejects.toThrow();
    expect(await ada.count('', 'run-manifest')).toBe(0);
  });
});

describe('whoever is given what a contract account signed', () => {
  it('takes it in as unknown: nothing fails for it, and nothing is paid to it', async () => {
    const { prepared, pelhaven } = await preparedContribution();
    const file = await bo.exchange.sign(prepared, long, chainThat(true));

    const received = await ada.open(file.file);
    expect(received.unknown).toMatch(/not checked.*only its chain \(8453\).*Verify can ask/);
    await ada.exchange.keep(received.received);
    const [proposal] = (await ada.exchange.exchange(pelhaven)).proposals;
    expect(proposal).toMatchObject({ wallets: [{ address, linked: false, unasked: true }] });
    expect(await claims(ada).walletsOf([bo.person.id])).toEqual({});
    expect((await claims(ada).claims())[0]).toMatchObject({ walletUnasked: true });
    const { checks } = (await claims(ada).claim(file.cid)).report;
    expect(checks.find(({ name }) => name === 'wallet')).toMatchObject({ state: 'unknown', chainId: CHAIN });
    expect(checks.filter(({ state }) => state === 'fails')).toEqual([]);
  });

  it('sees it beside an adapter, as unknown: the claim is kept, and called neither forged nor whole', async () => {
    const { adapter } = await madeRun(ada);
    const prepared = await prepare(ada, { kind: 'run-manifest', adapter });
    const { cid } = await ada.exchange.sign(prepared, long, chainThat(true));
    const folder = new File([await data(ada).exportAdapter(adapter)], 'Harbour.zip');
    const { id } = await data(bo).importAdapter([folder]);
    const { manifest, unreadable } = await claims(bo).provenance(id);
    expect(unreadable).toBeUndefined();
    expect(manifest?.cid).toBe(cid);
    expect(manifest?.checks.filter(({ state }) => state === 'fails')).toEqual([]);
    expect(manifest?.checks.find(({ name }) => name === 'wallet')).toMatchObject({
      ...{ state: 'unknown', reason: expect.stringMatching(/only its chain/) as string }
    });
    expect(await claims(bo).claims()).toMatchObject([{ cid, walletUnasked: true }]);
  });

  it('keeps a link to it without believing it', async () => {
    const prepared = await prepare(bo, { kind: 'wallet-link', address });
    await expect(bo.exchange.sign(prepared, long)).rejects.toThrow(/sign again\.$/);
    const file = await bo.exchange.sign(prepared, long, chainThat(true));
    expect(await bo.exchange.walletLinks()).toEqual([{ cid: file.cid, by: bo.person, address }]);
    expect(await claims(bo).walletsOf([bo.person.id])).toEqual({ [bo.person.id]: address });
    expect((await ada.open(file.file)).effect).toMatch(/counts for nothing/);
    await ada.take(file);
    expect(await ada.exchange.walletLinks()).toMatchObject([{ cid: file.cid, unasked: true }]);
    expect(await claims(ada).walletsOf([bo.person.id])).toEqual({});
  });

  it('cannot be told by a chain that it is another’s', async () => {
    const { adapter } = await madeRun(ada);
    const elsewhere: ChainRequest = (chainId) =>
      Promise.reject(new ChainUnavailableError(`Nobody knows chain ${chainId}.`, chainId));
    const prepared = await prepare(ada, { kind: 'run-manifest', adapter });
    await expect(ada.exchange.sign(prepared, { ...long, chainId: 10 }, elsewhere)).rejects.toThrow(
      /Nobody knows chain 10/
    );
    // Who answers for another chain answers nothing.
    await expect(ada.exchange.sign(prepared, { ...long, chainId: 10 }, chainThat(true))).rejects.toThrow(
      /is on chain 8453/
    );
  });
});

/**
 * What ends a statement ends it whichever wallet's signature lies beside it: nothing that its person signed covers that, so
 * whoever holds a file can put another there, or junk, or take it away.
 */
import 'fake-indexeddb/auto';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeEach, describe, expect, it } from 'vitest';
import { claimOf } from '../../attribution/claims/wallet-signature';
import { writeBundle } from '../../datanets/bundle/bundle';
import { openContainer, writeContainer } from '../../datanets/bundle/container';
import { digestBlob } from '../../datanets/bundle/digest';
import { canonicalJson } from '../../datanets/canonical';
import { cidOfText } from '../../datanets/content/cid';
import type { Use } from '../../datanets/policy/policy';
import { isSigned, readSigned, signStatement } from '../../datanets/trust/sign';
import type { Signed, WalletSignature } from '../../datanets/trust/statements';
import { isForWallets } from '../../datanets/trust/wallet-kinds';
import { loadTrainingData, requireAllowed } from '../../jobs/training-data';
import { ClaimService } from '../claims/service';
import { madeRun } from '../claims/testing-claims';
import { openVersion } from '../run-versions';
import type { SignedFile } from './protocol';
import { Browser } from './testing-people';

const licence = { spdx: 'CC-BY-4.0' };
const own = privateKeyToAccount(`0x${'1'.repeat(64)}`);
const stranger = privateKeyToAccount(`0x${'2'.repeat(64)}`);

const signedBy = async (account: typeof own, { statement }: Signed): Promise<WalletSignature> => {
  if (!isForWallets(statement)) throw new Error(`no wallet signs a ${statement.kind}`);
  const value = await account.signTypedData(claimOf(statement, 1));
  return { standard: 'EIP-712', address: account.address, chainId: 1, value };
};

/** Every way in which the same statement can be handed on with other bytes beside it. */
const VARIANTS: Record<string, (signed: Signed) => Promise<WalletSignature | undefined>> = {
  'no wallet': async () => undefined,
  'the wallet of a stranger, who really signed it': (signed) => signedBy(stranger, signed),
  'junk that could be a contract account’s': async () => ({
    ...{ standard: 'EIP-712', address: stranger.address, chainId: 1 },
    value: `0x${'00'.repeat(100)}`
  }),
  'the person’s own wallet': (signed) => signedBy(own, signed)
};

const withWallet = async (signed: Signed, variant: string): Promise<Signed> => {
  const { statement, signature } = signed;
  const wallet = await VARIANTS[variant](signed);
  return { statement, signature, ...(wallet ? { wallet } : {}) };
};

/** The same file with another wallet beside its statement. */
async function variantOf({ file }: SignedFile, variant: string): Promise<File> {
  if (!file.name.endsWith('.contribution')) {
    return new File(
      [canonicalJson(await withWallet(await readSigned(await file.text()), variant))],
      file.name
    );
  }
  const [first, ...rest] = await openContainer(file, file.name);
  const signed = await withWallet(await readSigned(await first.data.text()), variant);
  const parts = [{ name: first.name, data: new Blob([canonicalJson(signed)]) }, ...rest];
  return new File([await writeContainer(parts)], file.name);
}

let ada: Browser;
let bo: Browser;
let pelhaven: string;

beforeEach(async () => {
  ada = await Browser.of('Ada');
  bo = await Browser.of('Bo');
  pelhaven = await ada.create();
});

/** Signs with the person's own wallet beside it, or without one. */
async function sign(who: Browser, request: Parameters<Browser['sign']>[0], wallet: boolean) {
  const { prepared, statement } = await who.exchange.prepare(request, () => undefined);
  const beside = wallet ? await signedBy(own, { statement } as Signed) : undefined;
  return who.exchange.sign(prepared, beside);
}

async function take(who: Browser, file: File): Promise<string> {
  return who.exchange.keep((await who.open(file)).received);
}

async function train(who: Browser, root: string) {
  const opened = await openVersion(who.store, root, { weight: 1, now: who.now.getTime() });
  const data = await loadTrainingData([opened]);
  requireAllowed(data);
  return data;
}

const CASES = [true, false].flatMap((wallet) =>
  Object.keys(VARIANTS).map((variant) => ({ wallet, variant, made: wallet ? 'with' : 'without' }))
);

describe.each(CASES)('a statement made $made a wallet, handed on with $variant', ({ wallet, variant }) => {
  it('stays revoked where it is a grant, and its runs are counted', async () => {
    await ada.write(pelhaven, 'The pilot keeps brandy in the fog bell.');
    const version = await ada.sign({ kind: 'version', id: pelhaven, permissioned: true, changes: '' });
    const { root } = await ada.store.versions.get(version.cid);
    const id = await bo.take(version);
    const uses: Use[] = ['training'];
    const ask = { kind: 'access-request', id, root, uses, purpose: '', words: '' } as const;
    const request = await bo.sign(ask);
    await ada.take(request);
    const answer = { kind: 'access-grant', request: request.cid, uses } as const;
    const grant = await sign(ada, { ...answer, conditions: { runs: 1 } }, wallet);
    await bo.take(grant);
    const { versions } = await train(bo, root);
    const run = await bo.store.addRun({ name: 'first', run: { datanets: versions } });
    await take(bo, await variantOf(grant, variant));
    expect(await bo.count(pelhaven, 'access-grant')).toBe(1);
    await expect(train(bo, root)).rejects.toThrow('used up');
    await bo.store.deleteRun(run.id);

    await bo.take(await ada.sign({ kind: 'revocation', grant: grant.cid, reason: 'Over' }));
    await take(bo, await variantOf(grant, variant));
    expect(await bo.count(pelhaven, 'access-grant')).toBe(1);
    await expect(train(bo, root)).rejects.toThrow('revoked');
    // Where it comes after its end, and the browser has lost it, it is refused.
    await bo.forgetStatements(id, 'access-grant');
    await expect(bo.open(await variantOf(grant, variant))).rejects.toThrow('has revoked this grant');
  });

  it('stays taken back where it is a contribution', async () => {
    await ada.write(pelhaven, 'The harbour freezes in January.');
    const draft = await bo.take(await ada.sign({ kind: 'invitation', id: pelhaven }));
    await bo.write(draft, 'The ferry leaves at nine.');
    const contribution = await sign(bo, { kind: 'contribution', id: draft, source: '', licence }, wallet);
    // The owner has it from somebody who changed what lies beside it.
    await take(ada, await variantOf(contribution, variant));
    expect((await ada.open(contribution.file)).effect).toMatch(/is here already/);
    await ada.sign({ kind: 'decision', contribution: contribution.cid, rejected: [] });
    const version = await ada.sign({ kind: 'version', id: pelhaven, permissioned: false, changes: '' });
    const { root } = await ada.store.versions.get(version.cid);
    const cy = await Browser.of('Cy');
    await cy.take(version);
    expect((await train(cy, root)).rows).toHaveLength(2);

    const withdrawal = await bo.sign({ kind: 'withdrawal', contribution: contribution.cid, reason: '' });
    for (const who of [ada, cy]) {
      await who.take(withdrawal);
      expect((await train(who, root)).rows).toMatchObject([{ text: 'The harbour freezes in January.' }]);
    }
    expect(await ada.texts(pelhaven)).toEqual(['The harbour freezes in January.']);
    await expect(take(ada, await variantOf(contribution, variant))).resolves.toBe(pelhaven);
    expect(await ada.count(pelhaven, 'contribution')).toBe(1);
  });

  it('stays taken back where it is a claim', async () => {
    const { adapter } = await madeRun(ada);
    const manifest = await sign(ada, { kind: 'run-manifest', adapter }, wallet);
    const claims = new ClaimService(Promise.resolve(bo.store), () => bo.now);
    const changed = await variantOf(manifest, variant);
    await take(bo, changed);
    await take(bo, manifest.file);
    const retraction = await ada.sign({ kind: 'retraction', claim: manifest.cid, reason: 'Wrong rows' });
    await bo.take(retraction);
    expect(await claims.claims()).toMatchObject([
      { cid: manifest.cid, ended: expect.stringMatching(/Taken back/) as string }
    ]);
    const { report } = await claims.claim(manifest.cid);
    expect(report.checks.find(({ name }) => name === 'retraction')?.state).toBe('fails');
    // In a browser that has the retraction only, it is refused however it comes.
    const cy = await Browser.of('Cy');
    await cy.take(retraction);
    await expect(cy.open(changed)).rejects.toThrow('has taken this claim back');
  });
});

describe('a wallet’s signature beside a statement', () => {
  const manifestOf = async () =>
    sign(ada, { kind: 'run-manifest', adapter: (await madeRun(ada)).adapter }, true);
  const kept = async (cid: string) => (await bo.store.statements.get(cid)).signed.wallet;

  it('comes through though somebody sent the statement before without it, or with junk', async () => {
    const manifest = await manifestOf();
    for (const first of ['no wallet', 'junk that could be a contract account’s']) {
      bo = await Browser.of('Bo');
      await take(bo, await variantOf(manifest, first));
      const received = await bo.open(manifest.file);
      expect(received.effect).toBe(
        `It is here already: only the signature of the wallet ${own.address} is added to it.`
      );
      await bo.exchange.keep(received.received);
      expect((await kept(manifest.cid))?.address).toBe(own.address);
      // And is not pushed out again.
      for (const later of Object.keys(VARIANTS)) {
        const { effect } = await bo.open(await variantOf(manifest, later));
        expect(effect).toBe('It is here already: nothing changes.');
      }
    }
  });

  it('that does not verify is refused with the statement', async () => {
    const { file, ...rest } = await manifestOf();
    const text = (await file.text()).replaceAll(own.address, stranger.address);
    await expect(take(bo, new File([text], file.name))).rejects.toThrow(/is not by/);
    expect(await bo.count('', rest.kind)).toBe(0);
  });

  it('that does not verify is refused inside of a version, by whose statement it is', async () => {
    const draft = await bo.take(await ada.sign({ kind: 'invitation', id: pelhaven }));
    await bo.write(draft, 'The ferry leaves at nine.');
    const contribution = await sign(bo, { kind: 'contribution', id: draft, source: '', licence }, true);
    await ada.take(contribution);
    await ada.sign({ kind: 'decision', contribution: contribution.cid, rejected: [] });
    const version = await ada.sign({ kind: 'version', id: pelhaven, permissioned: false, changes: '' });
    const cy = await Browser.of('Cy');
    const forged = await resigned(version.file, (text) => text.replaceAll(own.address, stranger.address));
    await expect(take(cy, forged)).rejects.toThrow(
      /The contribution by "Bo" that came with it.*does not hold/
    );
    expect(await cy.store.datanets.list()).toEqual([]);
  });

  it('gives the contribution no other name in a version: its owner cannot list it so that no withdrawal finds it', async () => {
    const draft = await bo.take(await ada.sign({ kind: 'invitation', id: pelhaven }));
    await bo.write(draft, 'The ferry leaves at nine.');
    const contribution = await sign(bo, { kind: 'contribution', id: draft, source: '', licence }, false);
    await ada.take(contribution);
    await ada.sign({ kind: 'decision', contribution: contribution.cid, rejected: [] });
    const version = await ada.sign({ kind: 'version', id: pelhaven, permissioned: false, changes: '' });
    const cy = await Browser.of('Cy');
    const forged = await resigned(
      version.file,
      (text) => text,
      async (signed) => {
        if (!isSigned(signed, 'contribution')) return signed;
        return { ...signed, wallet: await signedBy(stranger, signed) };
      },
      (text, before, after) =>
        text.replaceAll(cidOfText(canonicalJson(before)), cidOfText(canonicalJson(after)))
    );
    await expect(take(cy, forged)).rejects.toThrow(/which it lists, is not in it/);
  });

  it('pays nobody: anybody can put their wallet there, and only a link names person and wallet both', async () => {
    const draft = await bo.take(await ada.sign({ kind: 'invitation', id: pelhaven }));
    await bo.write(draft, 'The ferry leaves at nine.');
    const contribution = await sign(bo, { kind: 'contribution', id: draft, source: '', licence }, false);
    await take(ada, await variantOf(contribution, 'the wallet of a stranger, who really signed it'));
    const claims = new ClaimService(Promise.resolve(ada.store), () => ada.now);
    expect(await claims.walletsOf([bo.person.id])).toEqual({});
    const shown = async () => (await ada.exchange.exchange(pelhaven)).proposals[0].wallets;
    expect(await shown()).toEqual([{ address: stranger.address, linked: false, unasked: false }]);
    await take(ada, (await sign(bo, { kind: 'wallet-link', address: own.address }, true)).file);
    expect(await claims.walletsOf([bo.person.id])).toEqual({ [bo.person.id]: own.address });
    expect(await shown()).toEqual([
      { address: own.address, linked: true, unasked: false },
      { address: stranger.address, linked: false, unasked: false }
    ]);
  });

  it('is taken of no statement that wallets do not sign', async () => {
    const invitation = await ada.sign({ kind: 'invitation', id: pelhaven });
    const signed = await readSigned(await invitation.file.text());
    const wallet = await signedBy(stranger, await readSigned(await (await manifestOf()).file.text()));
    const file = new File([canonicalJson({ ...signed, wallet })], 'x.tabtune.json');
    await expect(bo.open(file)).rejects.toThrow(/a wallet does not sign a statement of this kind/);
  });
});

/** A version that its owner signs again after changing the statements that it rests on, and their names in it. */
async function resigned(
  file: File,
  change: (text: string) => string,
  beside: (signed: Signed) => Promise<Signed> = async (signed) => signed,
  rename: (text: string, before: Signed, after: Signed) => string = (text) => text
): Promise<File> {
  const [first, statements, ...rest] = await openContainer(file, file.name);
  const version = await readSigned(await first.data.text());
  if (!isSigned(version, 'version')) throw new Error('not a version');
  let said = canonicalJson(version.statement);
  const lines: string[] = [];
  for (const line of (await statements.data.text()).trimEnd().split('\n')) {
    const before = JSON.parse(line) as Signed;
    const after = await beside(before);
    said = rename(said, before, after);
    lines.push(change(canonicalJson(after)));
  }
  const data = new Blob(lines.map((line) => `${line}\n`));
  const parts = [{ name: statements.name, data }, ...rest];
  const files = await Promise.all(
    parts.map(async (part) => {
      const { bytes, sha256 } = await digestBlob(part.data);
      return { name: part.name, bytes, sha256 };
    })
  );
  const identity = await ada.exchange.people.identity();
  const signed = await signStatement(identity, { ...(JSON.parse(said) as typeof version.statement), files });
  return new File([await writeBundle(signed, parts)], file.name);
}

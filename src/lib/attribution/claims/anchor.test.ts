/** A claim with its anchor is believed as far as the chain has exactly that, and refused where any field is another. */
import { encodeEventTopics, encodeFunctionResult, parseAbi } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../datanets/canonical';
import { createIdentity, type Identity } from '../../datanets/trust/identity';
import { signStatement, statementCid } from '../../datanets/trust/sign';
import type { Signed, Statement } from '../../datanets/trust/statements';
import { everyStatement } from '../../datanets/trust/testing';
import { isForWallets, type WalletStatement } from '../../datanets/trust/wallet-kinds';
import { anchoredClaim, type AnchoredClaim } from '../../datanets/verify/anchor-file';
import type { ChainRequest } from '../../datanets/verify/chain-request';
import { changesOf, fitting } from '../../datanets/verify/testing';
import { verifyFile, type VerifyReport } from '../../datanets/verify/verify';
import { claimChecks } from './checks';
import { easAttestationOf, easSchemaUid } from './eas';
import { easOn } from './eas-deployments';
import { EAS_READING, type EasRecord } from './eas-reading';

const now = new Date('2026-11-25T00:00:00.000Z');
const uid = `0x${'5b'.repeat(32)}` as const;
const transaction = `0x${'7c'.repeat(32)}`;
const attester = '0x52908400098527886E0F7030069857D2E4169EE7';
const own = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const abi = parseAbi(EAS_READING);
const nothing: `0x${string}` = `0x${'0'.repeat(64)}`;

let person: Identity;
let other: Identity;
let claim: Signed<WalletStatement>;
beforeAll(async () => {
  [person, other] = await Promise.all(['Ada', 'Bo'].map((name) => createIdentity(name)));
  claim = await claimOf('attribution-receipt');
});

async function claimOf(kind: WalletStatement['kind']): Promise<Signed<WalletStatement>> {
  const said = await fitting<Statement>(everyStatement(person.person, other.person)[kind]);
  if (!isForWallets(said)) throw new Error('is for wallets');
  return signStatement(person, said);
}

/** The chain 8453 with EAS at one address, which has one attestation; other transactions made none. */
function chainWith(record: Partial<EasRecord>, contract: string = easOn(8453)!.address): ChainRequest {
  return async (chainId, { method, params }) => {
    if (method === 'eth_chainId') return chainId;
    if (method === 'eth_getTransactionReceipt') {
      const [hash] = params as [string];
      const topics = encodeEventTopics({
        ...{ abi, eventName: 'Attested' },
        args: { recipient: `0x${'0'.repeat(40)}`, attester, schemaUID: record.schema }
      });
      return { logs: hash === transaction ? [{ address: contract, topics, data: uid }] : [] };
    }
    const [{ to, data }] = params as [{ to: string; data: string }];
    if (to !== contract || chainId !== 8453) return '0x';
    const none = {
      ...{ uid: nothing, schema: nothing, refUID: nothing, data: '0x' as const, revocable: false },
      ...{ time: 0n, expirationTime: 0n, revocationTime: 0n },
      ...{ recipient: `0x${'0'.repeat(40)}` as const, attester: `0x${'0'.repeat(40)}` as const }
    };
    const result = data.endsWith(uid.slice(2)) ? { ...none, ...record } : none;
    return encodeFunctionResult({ abi, functionName: 'getAttestation', result });
  };
}

async function recordOf(of: Signed<WalletStatement>): Promise<EasRecord> {
  const { schema, data, expirationTime } = await easAttestationOf(of.statement);
  return { uid, schema, data, expirationTime, time: 1795500000n, revocationTime: 0n, attester };
}

const verify = (value: unknown, chain?: ChainRequest, at = now) =>
  verifyFile(new Blob([JSON.stringify(value)]), 'x', { ...claimChecks, now: at, ...(chain && { chain }) });
const failing = ({ checks }: VerifyReport) => checks.filter(({ state }) => state === 'fails');
const named = ({ checks }: VerifyReport, name: string) => checks.find((check) => check.name === name);

describe.each([
  ...(['contribution', 'validation', 'access-grant', 'run-manifest', 'attribution-receipt'] as const)
])('a %s with its anchor', { timeout: 60_000 }, (kind) => {
  let file: AnchoredClaim;
  let chain: ChainRequest;
  beforeAll(async () => {
    const made = await claimOf(kind);
    file = anchoredClaim(made, { chainId: 8453, uid, transaction });
    chain = chainWith(await recordOf(made));
  });

  it('holds where the chain has exactly that, beside the checks of the claim itself', async () => {
    const report = await verify(file, chain);
    expect(failing(report)).toEqual([]);
    expect(report.kind).toBe(kind);
    for (const name of ['file', 'form', 'signature', 'date', 'EAS', 'anchor', 'transaction']) {
      expect([name, named(report, name)?.state]).toEqual([name, 'holds']);
    }
    expect(named(report, 'anchor')!.reason).toContain(attester);
  });

  it('is refused, with the reason, where any field is another, is missing or is added', async () => {
    let tried = 0;
    for (const [path, changed] of changesOf(file)) {
      const [first] = failing(await verify(changed, chain));
      expect(first, `${path} was changed`).toBeDefined();
      expect(first.reason.length, path).toBeGreaterThan(20);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(40);
  });
});

describe('an anchored claim', () => {
  const fileOf = (contract?: string) =>
    anchoredClaim(claim, { chainId: 8453, uid, transaction, ...(contract && { contract }) });

  it('is unknown without a chain, says which one to ask, and still has its own checks', async () => {
    const report = await verify(fileOf());
    expect(named(report, 'signature')?.state).toBe('holds');
    expect(named(report, 'anchor')).toMatchObject({
      ...{ state: 'unknown', chainId: 8453, reason: expect.stringMatching(/only Base can tell/) as string }
    });
    for (const chain of [async () => '0x1', () => Promise.reject(new Error('offline'))]) {
      expect(named(await verify(fileOf(), chain), 'anchor')).toMatchObject({
        state: 'unknown',
        chainId: 8453
      });
    }
    const plain = await verifyFile(new Blob([JSON.stringify(fileOf())]), 'x', { now });
    expect(named(plain, 'anchor')?.state).toBe('unknown');
  });

  it.each<[string, (record: EasRecord) => Promise<Partial<EasRecord>>, RegExp]>([
    ['no such attestation', async () => ({ uid: nothing }), /has no attestation/],
    ['one that was revoked', async () => ({ revocationTime: 1795500600n }), /and revoked it on/],
    ['one of another kind', async () => ({ schema: await easSchemaUid('validation') }), /another schema/],
    ['other fields', async ({ data }) => ({ data: `${data}00` }), /hold something else/],
    ['another end', async ({ expirationTime }) => ({ expirationTime: expirationTime + 1n }), /another time/]
  ])('is refused where the chain has %s', async (_, change, reason) => {
    const record = await recordOf(claim);
    const report = await verify(fileOf(), chainWith({ ...record, ...(await change(record)) }));
    expect(failing(report)).toMatchObject([
      { name: 'anchor', reason: expect.stringMatching(reason) as string }
    ]);
  });

  it('is refused once it is over', async () => {
    const record = await recordOf(claim);
    expect(record.expirationTime).toBeGreaterThan(0n);
    const late = new Date(Number(record.expirationTime) * 1000);
    const report = await verify(fileOf(), chainWith(record), late);
    expect(failing(report).map(({ name }) => name)).toEqual(['expiry', 'anchor']);
  });

  it('is of the published contract, or of one that nothing is known of, which it says', async () => {
    const record = await recordOf(claim);
    const elsewhere = await verify(fileOf(own), chainWith(record, own));
    expect(failing(elsewhere).map(({ name }) => name)).toEqual(['EAS']);
    const unpublished = { ...fileOf(own), anchor: { ...fileOf(own).anchor, chainId: 31337 } };
    expect(named(await verify(unpublished), 'EAS')?.state).toBe('unknown');
    const { contract: _, ...anchor } = unpublished.anchor;
    expect(failing(await verify({ claim, anchor })).map(({ name }) => name)).toEqual(['EAS']);
    const nobody = chainWith(record, own);
    expect(failing(await verify(fileOf(), nobody))).toMatchObject([
      { name: 'anchor', reason: expect.stringMatching(/There is no EAS at/) as string }
    ]);
  });

  it('stands where the node forgot its transaction, which is said', async () => {
    const chain = chainWith(await recordOf(claim));
    const forgetful: ChainRequest = async (chainId, request) =>
      request.method === 'eth_getTransactionReceipt' ? null : chain(chainId, request);
    const report = await verify(fileOf(), forgetful);
    expect(named(report, 'anchor')?.state).toBe('holds');
    expect(named(report, 'transaction')).toMatchObject({ state: 'unknown', chainId: 8453 });
  });

  it('is refused of what is no claim, and is taken as the claim by files that rest on it', async () => {
    const version = await signStatement(person, everyStatement(person.person, other.person).version);
    const chain = chainWith(await recordOf(claim));
    const of = anchoredClaim(version, { chainId: 8453, uid, transaction });
    expect(failing(await verify(of, chain)).map(({ name }) => name)).toContain('anchor');
    const validation = await claimOf('validation');
    const text = JSON.stringify(anchoredClaim(validation, fileOf().anchor));
    const retraction = await signStatement(person, {
      ...{ kind: 'retraction' as const, by: person.person, created: '2026-11-24T12:30:00.000Z' },
      ...{ claim: statementCid(validation), reason: '' }
    });
    const taken = await verifyFile(new Blob([canonicalJson(retraction)]), 'x', {
      ...{ ...claimChecks, now, related: [new Blob([text])] }
    });
    expect(named(taken, 'claim')?.state).toBe('holds');
  });
});

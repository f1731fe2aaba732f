/** Claims as attestations of EAS: as its own contracts and tools form them, and refused where any field is another. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Chain as ViemChain } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { canonicalJson } from '../../datanets/canonical';
import { createIdentity, type Identity } from '../../datanets/trust/identity';
import { signStatement, statementCid } from '../../datanets/trust/sign';
import type { Retraction, Signed, Statement } from '../../datanets/trust/statements';
import { everyStatement } from '../../datanets/trust/testing';
import { isForWallets, type WalletStatement } from '../../datanets/trust/wallet-kinds';
import { changesOf, fitting } from '../../datanets/verify/testing';
import { verifyFile, type VerifyReport } from '../../datanets/verify/verify';
import { claimChecks } from './checks';
import { easChains, easOn, networkOf } from './eas-deployments';
import { easSchema, easSchemaUid } from './eas';
import { offchainFile, OffchainSignatureError, prepareOffchain, type OffchainFile } from './eas-offchain';

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`);
const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`);
const now = new Date('2026-11-25T00:00:00.000Z');
const base = easOn(8453)!;
/** A chain on which nothing was revoked. */
const calm = async (chainId: number, { method }: { method: string }) =>
  method === 'eth_chainId' ? `0x${chainId.toString(16)}` : `0x${'0'.repeat(64)}`;
const options = { ...claimChecks, now, chain: calm };
const json = (value: unknown) => new Blob([JSON.stringify(value)]);
const verify = (value: unknown, ...related: Blob[]) => verifyFile(json(value), 'x', { ...options, related });
const failing = ({ checks }: VerifyReport) => checks.filter(({ state }) => state === 'fails');
const stateOf = ({ checks }: VerifyReport, name: string) =>
  checks.find((check) => check.name === name)?.state;

let person: Identity;
let other: Identity;
beforeAll(async () => {
  [person, other] = await Promise.all(['Ada', 'Bo'].map((name) => createIdentity(name)));
});

async function claimOf(kind: WalletStatement['kind']): Promise<Signed<WalletStatement>> {
  const said = await fitting<Statement>(everyStatement(person.person, other.person)[kind]);
  if (!isForWallets(said)) throw new Error('is for wallets');
  return signStatement(person, said);
}

async function attest(claim: Signed<WalletStatement>, at = new Date('2026-11-24T12:00:00Z')) {
  const prepared = await prepareOffchain(claim, base, at);
  type Data = Parameters<typeof account.signTypedData>[0];
  return offchainFile(prepared, account.address, await account.signTypedData(prepared.typedData as Data));
}

describe('deployments', () => {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('@ethereum-attestation-service/eas-contracts/package.json'));
  // Goerli and what was built on it were shut down.
  const published = readdirSync(join(root, 'deployments')).filter((name) => !name.endsWith('-goerli'));
  /** Versions stand in the package's own list only: a heading, and below it the link to the deployment. */
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const versionOf = (name: string) => {
    const before = readme.slice(0, readme.indexOf(`(./deployments/${name}/EAS.json)`));
    return /Version (\S+):(?![\s\S]*Version \S+:)/.exec(before)?.[1];
  };

  it.each(published)('are those that EAS publishes: %s', (name) => {
    const read = (file: string) => readFileSync(join(root, 'deployments', name, file), 'utf8');
    const address = (file: string) => (JSON.parse(read(file)) as { address: string }).address;
    const chainId = Number(read('.chainId'));
    expect(easOn(chainId)).toEqual({
      ...{ chainId, version: versionOf(name), address: address('EAS.json') },
      schemaRegistry: address('SchemaRegistry.json')
    });
  });

  it('are no others', () => {
    expect(easChains()).toHaveLength(published.length);
    expect(easOn(31337)).toBeUndefined();
  });

  it('are on networks by the names and explorers that viem has for them', async () => {
    const chains = Object.values<ViemChain>(await import('viem/chains'));
    for (const id of easChains()) {
      const found = chains.find((each) => each.id === id)!;
      const explorer = found.blockExplorers!.default.url.replace(/\/+$/, '');
      expect(networkOf(id)).toEqual({ name: found.name, explorer });
    }
    expect(networkOf(31337)).toEqual({ name: 'chain 31337' });
  });
});

describe('a schema', () => {
  it('has the fields that a wallet shows, and the UID that EAS gives it', async () => {
    expect(easSchema('attribution-receipt')).toBe(
      'string attributor,string manifest,bytes32 adapterHash,string method,string shares,bytes32 sharesRoot,string expires,string created,string statement'
    );
    // As eas-sdk 2.10.0 reckons it: SchemaRegistry.getSchemaUID.
    expect(await easSchemaUid('wallet-link')).toBe(
      '0x67ffd58079d84b6f16a157ab73131c93fd83299ce67c36ba06359b98446630dd'
    );
  });
});

/** What eas-sdk 2.10.0 made (`Offchain.signOffchainAttestation`, version 2) of the data of a link to a wallet. */
const THEIRS = {
  sig: {
    version: 2,
    uid: '0xd3130f36c10506b9637b2df75fb02cdc470d1ad9d7176934c2c4c5bb407afd60',
    domain: {
      name: 'EAS Attestation',
      version: '1.0.1',
      chainId: '8453',
      verifyingContract: '0x4200000000000000000000000000000000000021'
    },
    primaryType: 'Attest',
    message: {
      version: 2,
      schema: '0x67ffd58079d84b6f16a157ab73131c93fd83299ce67c36ba06359b98446630dd',
      recipient: `0x${'0'.repeat(40)}`,
      time: '1795500000',
      expirationTime: '0',
      revocable: true,
      refUID: `0x${'0'.repeat(64)}`,
      data: '0x000000000000000000000000000000000000000000000000000000000000008000000000000000000000000052908400098527886e0f7030069857d2e4169ee700000000000000000000000000000000000000000000000000000000000000c000000000000000000000000000000000000000000000000000000000000001000000000000000000000000000000000000000000000000000000000000000015496e657320286469643a6b65793a7a446e6165412900000000000000000000000000000000000000000000000000000000000000000000000000000000000018323032362d31312d32345430393a33303a30302e3030305a0000000000000000000000000000000000000000000000000000000000000000000000000000003b6261666b72656966616532616e7966777079346b6a7966747971343779686b736565376e71696f6e63656d6932676167373536656b7172356c77710000000000',
      salt: `0x${'5a'.repeat(32)}`
    },
    types: {
      Attest:
        'uint16 version,bytes32 schema,address recipient,uint64 time,uint64 expirationTime,bool revocable,bytes32 refUID,bytes data,bytes32 salt'
          .split(',')
          .map((field) => field.split(' '))
          .map(([type, name]) => ({ name, type }))
    },
    signature: {
      v: 28,
      r: '0x830713739b2e0918499f1f822adbd038411ec59f3107e00ebc8608426af445b4',
      s: '0x4046fc90470acc21c06e7b61fed99bb64b29aee27d09b5c8384428e0ba2f3a1f'
    }
  },
  signer: '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
};

describe('a file of EAS’s own SDK', () => {
  const at = (seconds: number) => new Date(seconds * 1000);

  it('holds, its fields are told, and its claim is asked for', async () => {
    const report = await verifyFile(json(THEIRS), 'x', { ...options, now: at(1795500001) });
    expect(failing(report)).toEqual([]);
    expect(report.checks.filter(({ state }) => state === 'unknown').map(({ name }) => name)).toEqual([
      'attested claim'
    ]);
    expect(report.words).toContain('wallet: 0x52908400098527886E0F7030069857D2E4169EE7');
  });

  it('of the future is refused', async () => {
    const report = await verifyFile(json(THEIRS), 'x', { ...options, now: at(1795500000 - 601) });
    expect(failing(report)).toMatchObject([{ name: 'date' }]);
  });
});

const KINDS = [
  ...(['contribution', 'validation', 'access-grant', 'run-manifest'] as const),
  ...(['attribution-receipt', 'wallet-link'] as const)
];

describe.each(KINDS)('an off-chain attestation of a %s', { timeout: 60_000 }, (kind) => {
  let claim: Signed<WalletStatement>;
  let file: OffchainFile;
  beforeAll(async () => {
    claim = await claimOf(kind);
    file = await attest(claim);
  });

  it('holds with the claim that is in it, and with one that is given with it', async () => {
    const ownChecks = [
      ...['form', 'uid', 'signer', 'EAS', 'date', 'expiry', 'schema', 'data'],
      ...['attested claim', 'revocation on the chain', 'claim: form', 'claim: signature', 'claim: date']
    ];
    const report = await verify(file);
    // Of a link to a wallet, the wallet's own signature is asked for beside it.
    expect(failing(report).map(({ name }) => name)).toEqual(kind === 'wallet-link' ? ['claim: wallet'] : []);
    for (const name of ownChecks) expect([name, stateOf(report, name)]).toEqual([name, 'holds']);
    const { claim: _, ...without } = file;
    const beside = await verify(without, new Blob([canonicalJson(claim)]));
    expect(stateOf(beside, 'attested claim')).toBe('holds');
    expect(stateOf(await verify(without), 'attested claim')).toBe('unknown');
  });

  it('fails, with the reason, where any field is another, is missing or is added', async () => {
    let tried = 0;
    for (const [path, changed] of changesOf(file)) {
      if (path === ' without claim' || path === '.claim without wallet') continue;
      const [first] = failing(await verify(changed)).filter(({ name }) => name !== 'claim: wallet');
      expect(first, `${path} was changed`).toBeDefined();
      expect(first.reason.length, path).toBeGreaterThan(20);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(90);
  });
});

describe('an off-chain attestation', () => {
  let file: OffchainFile;
  beforeAll(async () => {
    file = await attest(await claimOf('attribution-receipt'));
  });

  it('is refused with any byte changed, put in or taken out, or says the same', async () => {
    const text = JSON.stringify(file, undefined, 2);
    const good = await verify(file);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('change', 'insert', 'delete'),
        fc.nat(text.length - 1),
        fc.integer({ min: 1, max: 126 }),
        async (how, at, by) => {
          const put =
            how === 'delete' ? '' : String.fromCharCode(how === 'change' ? text.charCodeAt(at) ^ by : by);
          const bad = text.slice(0, at) + put + text.slice(how === 'insert' ? at : at + 1);
          const report = await verifyFile(new Blob([bad]), 'x', options);
          // Spaces between what is signed, the lines of a file for people, are nobody's.
          if (failing(report).length === 0) expect(report).toEqual(good);
        }
      ),
      fuzz(60)
    );
  }, 60_000);

  it('is refused with a field that is there twice, of which readers take one or the other', async () => {
    const text = JSON.stringify(file);
    for (const [field, other] of [
      ['claim', '{}'],
      ['signer', '""'],
      ['uid', '"0x"']
    ]) {
      const twice = text.replace(`"${field}":`, `"${field}":${other},"${field}":`);
      const report = await verifyFile(new Blob([twice]), 'x', options);
      expect(report.kind).toBe('unreadable');
      expect(failing(report)[0].reason).toContain(`“${field}” twice`);
    }
  });

  it('is refused once it is over', async () => {
    const late = await verifyFile(json(file), 'x', { ...options, now: new Date('2028-01-01T00:00:00Z') });
    expect(failing(late).map(({ name }) => name)).toEqual(['expiry', 'claim: expiry']);
  });

  it('is refused on another chain, and at another contract than EAS', async () => {
    const moved = structuredClone(file);
    moved.sig.domain.chainId = '10';
    expect(failing(await verify(moved)).map(({ name }) => name)).toEqual(['signer']);
    const prepared = await prepareOffchain(
      await claimOf('validation'),
      { ...base, address: account.address },
      new Date('2026-11-24T12:00:00Z')
    );
    type Data = Parameters<typeof account.signTypedData>[0];
    const value = await account.signTypedData(prepared.typedData as Data);
    const elsewhere = await offchainFile(prepared, account.address, value);
    expect(failing(await verify(elsewhere)).map(({ name }) => name)).toEqual(['EAS']);
  });

  it('is refused where its signer revoked it on the chain; without the chain, that is unknown', async () => {
    const asked: unknown[] = [];
    const revoked = async (chainId: number, request: { method: string; params?: unknown }) => {
      asked.push(request);
      return request.method === 'eth_chainId' ? chainId : `0x${(1795500000).toString(16).padStart(64, '0')}`;
    };
    const name = 'revocation on the chain';
    const report = await verifyFile(json(file), 'x', { ...options, chain: revoked });
    expect(failing(report)).toMatchObject([
      { name, reason: expect.stringMatching(/revoked it on 24 November 2026/) as string }
    ]);
    expect(JSON.stringify(asked)).toContain(file.sig.uid.slice(2));
    const without = await verifyFile(json(file), 'x', { ...options, chain: undefined });
    expect(without.checks.find((check) => check.name === name)).toMatchObject({
      ...{ state: 'unknown', chainId: 8453 }
    });
    for (const chain of [async () => '0x1', () => Promise.reject(new Error('offline'))]) {
      const unreached = await verifyFile(json(file), 'x', { ...options, chain });
      expect(unreached.checks.find((check) => check.name === name)).toMatchObject({
        ...{ state: 'unknown', chainId: 8453 }
      });
    }
    const nothing = async (chainId: number, { method }: { method: string }) =>
      method === 'eth_chainId' ? chainId : '0x';
    expect(stateOf(await verifyFile(json(file), 'x', { ...options, chain: nothing }), name)).toBe('fails');
  });

  it('is refused where its claim was taken back, is another’s, or is another kind', async () => {
    const retraction = await signStatement<Retraction>(person, {
      ...{ kind: 'retraction', by: person.person, created: '2026-11-24T12:30:00.000Z' },
      ...{ claim: statementCid(file.claim), reason: '' }
    });
    const taken = await verify(file, new Blob([canonicalJson(retraction)]));
    expect(failing(taken).map(({ name }) => name)).toEqual(['claim: retraction']);
    for (const claim of [await claimOf('validation'), retraction]) {
      expect(failing(await verify({ ...file, claim })).map(({ name }) => name)).toEqual(['attested claim']);
    }
  });

  it('is made of the signature of a plain account only', async () => {
    const prepared = await prepareOffchain(await claimOf('validation'), base, now);
    type Data = Parameters<typeof account.signTypedData>[0];
    const value = await account.signTypedData(prepared.typedData as Data);
    for (const [signer, signature] of [
      [stranger.address, value],
      [account.address, `0x${'ab'.repeat(200)}`]
    ] as const) {
      await expect(offchainFile(prepared, signer, signature)).rejects.toThrow(OffchainSignatureError);
    }
  });

  it('whose data is of no fields, or of a schema that nobody knows, is refused', async () => {
    for (const [change, name] of [
      [{ data: '0x' }, 'data'],
      [{ data: `0x${'ff'.repeat(320)}` }, 'data'],
      [{ schema: `0x${'7'.repeat(64)}` }, 'schema']
    ] as const) {
      const forged = structuredClone(file);
      Object.assign(forged.sig.message, change);
      expect(failing(await verify(forged)).map((check) => check.name)).toContain(name);
    }
    const endless = structuredClone(file);
    endless.sig.message.expirationTime = '9999999999999999999';
    expect(stateOf(await verify(endless), 'signer')).toBe('fails');
  });

  it('passes unchecked where nobody can check it', async () => {
    const { checks } = await verifyFile(json(file), 'x', { now });
    expect(checks).toMatchObject([{ name: 'attestation', state: 'unknown' }]);
  });
});

import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { claimOf, verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import { prepareBundle, writeBundle } from '../bundle/bundle';
import { openContainer, writeContainer, type ContainerPart } from '../bundle/container';
import { prepareContribution, writeContribution } from '../bundle/contribution-file';
import { digestBlob } from '../bundle/digest';
import { canonicalJson } from '../canonical';
import { rowCid, rowContent } from '../content/cid';
import { writeRows, type RowsFile } from '../content/rows-file';
import type { DatanetRow } from '../datanet';
import { createIdentity, type Identity } from '../trust/identity';
import { fragmentOfText } from '../trust/link';
import { signStatement, statementCid } from '../trust/sign';
import type {
  AccessGrant,
  Contribution,
  Signed,
  Statement,
  Version,
  WalletSignature
} from '../trust/statements';
import { everyStatement, FACTS, POLICY, someCid, someRoot } from '../trust/testing';
import { createDataKey } from '../trust/wrap';
import { isForWallets } from '../trust/wallet-kinds';
import { allHold } from './report';
import { changesOf, fitting } from './testing';
import { verifyFile, verifyFiles, type Check, type VerifyReport } from './verify';

const now = new Date('2026-11-25T00:00:00.000Z');
const options = { now, checkWallet: verifyWalletSignature };
const DATANET = '6f9c1c5e-0000-4000-8000-000000000001';

let owner: Identity;
let writer: Identity;
let reader: Identity;
let rows: RowsFile;
let rowList: DatanetRow[];
let invitation: Signed;
let contribution: Signed<Contribution>;
let version: Signed<Version>;
let bundle: Blob;

const json = (value: unknown) => new Blob([canonicalJson(value)]);
const verify = (blob: Blob, ...related: Blob[]) => verifyFile(blob, 'file', { ...options, related });
const failing = ({ checks }: VerifyReport) => checks.filter(({ state }) => state === 'fails');
const named = ({ checks }: VerifyReport, name: string): Check | undefined =>
  checks.find((check) => check.name === name);
const statesOf = ({ checks }: VerifyReport) =>
  Object.fromEntries(checks.map(({ name, state }) => [name, state]));

const account = privateKeyToAccount(`0x${'1'.repeat(64)}`);
async function walletOf(statement: Parameters<typeof claimOf>[0]): Promise<WalletSignature> {
  const value = await account.signTypedData(claimOf(statement, 1));
  return { standard: 'EIP-712', address: account.address, chainId: 1, value };
}

/** A version of `rows`, as its owner says it; what is given differs from the truth. */
async function bundleOf(
  said: Partial<Version> = {},
  { key, change }: { key?: CryptoKey; change?: (parts: ContainerPart[]) => ContainerPart[] } = {}
): Promise<{ signed: Signed<Version>; blob: Blob }> {
  const prepared = await prepareBundle(
    {
      ...{
        kind: 'version',
        by: owner.person,
        created: '2026-11-24T09:30:00.000Z',
        datanet: DATANET,
        number: 1
      },
      ...{ facts: FACTS, policy: POLICY, rows: rows.digest, splits: rows.tally.splits, changes: '' },
      contributors: [owner, writer].map(({ person }) => ({ id: person.id, name: person.name })),
      contributions: [
        {
          ...{ id: statementCid(contribution), contributor: writer.person.id, rows: 2 },
          licence: contribution.statement.licence
        }
      ],
      permissioned: key !== undefined,
      ...said
    },
    rows,
    [invitation, contribution],
    key
  );
  const parts = change?.(prepared.parts) ?? prepared.parts;
  const files = await Promise.all(
    parts.map(async ({ name, data }) => {
      const { bytes, sha256 } = await digestBlob(data);
      return { name, bytes, sha256 };
    })
  );
  const signed = await signStatement(owner, { ...prepared.version, files });
  return { signed, blob: await writeBundle(signed, parts) };
}

beforeAll(async () => {
  [owner, writer, reader] = await Promise.all(['Ada', 'Bo', 'Cy'].map((name) => createIdentity(name)));
  const common = { created: '2026-11-24T08:00:00.000Z', datanet: DATANET };
  invitation = await signStatement(owner, {
    ...{ kind: 'invitation', ...common, by: owner.person, facts: FACTS, policy: POLICY }
  });
  const handed = [{ text: 'The ferry goes first.' }, { text: 'The lamp is green.' }];
  const written = await writeRows(handed.map((row) => ({ ...row, contributor: writer.person.id })));
  contribution = await signStatement(writer, {
    ...{ kind: 'contribution', ...common, created: '2026-11-24T09:00:00.000Z', by: writer.person },
    ...{ invitation: statementCid(invitation), source: 'Notes', licence: { spdx: 'CC-BY-4.0' } },
    rows: written.digest
  });
  rowList = [
    { text: 'High water is at noon.', contributor: owner.person.id, split: 'test' },
    ...handed.map((row) => ({
      ...row,
      ...{ contributor: writer.person.id, contribution: statementCid(contribution) }
    }))
  ];
  rows = await writeRows(rowList);
  ({ signed: version, blob: bundle } = await bundleOf());
});

const KINDS = [
  ...(['invitation', 'contribution', 'decision', 'withdrawal', 'validation', 'version'] as const),
  ...(['access-request', 'access-grant', 'refusal', 'revocation', 'wallet-link'] as const),
  ...(['run-manifest', 'attribution-receipt', 'retraction'] as const)
];

describe.each(KINDS)('a signed %s', (kind) => {
  let signed: Signed;
  beforeAll(async () => {
    const said = await fitting<Statement>(everyStatement(owner.person, reader.person)[kind]);
    const statement: Statement = said.kind === 'wallet-link' ? { ...said, address: account.address } : said;
    signed = await signStatement(owner, statement);
    if (isForWallets(statement)) signed.wallet = await walletOf(statement);
  });

  it('holds as a file and as a link, and says what it needs others for', async () => {
    const reports = [
      await verify(json(signed)),
      await verify(new Blob([`https://tabtune.example/datanets${fragmentOfText(canonicalJson(signed))}\n`]))
    ];
    for (const report of reports) {
      expect(report.kind).toBe(kind);
      expect(report.words.length).toBeGreaterThan(1);
      expect(failing(report)).toEqual([]);
      expect(statesOf(report)).toMatchObject({ form: 'holds', signature: 'holds', date: 'holds' });
      if (signed.wallet) expect(named(report, 'wallet')).toMatchObject({ state: 'holds' });
      for (const { name, state, reason } of report.checks)
        expect([name, state, reason.length > 20]).toEqual([name, state, true]);
    }
  });

  it('fails, with the reason, where any field is another, is missing or is added', async () => {
    let tried = 0;
    for (const [path, changed] of changesOf(signed)) {
      // A wallet’s signature beside a claim can be taken away: it says nothing that the other does not.
      if (path === ' without wallet' && kind !== 'wallet-link') continue;
      const report = await verify(json(changed));
      tried += 1;
      const [first] = failing(report);
      expect(first, `${path} was changed`).toBeDefined();
      expect(['form', 'signature', 'wallet', 'file']).toContain(first.name);
      expect(allHold(report)).toBe(false);
    }
    expect(tried).toBeGreaterThan(15);
  });

  it('fails where it was cut, added to, reformatted, or is of the future', async () => {
    const text = canonicalJson(signed);
    for (const broken of [
      text.slice(0, -1),
      text.slice(0, text.length / 2),
      `${text}\n`,
      ` ${text}`,
      JSON.stringify(signed, null, 2)
    ]) {
      expect(failing(await verify(new Blob([broken]))).length, broken.slice(-20)).toBeGreaterThan(0);
    }
    const early = await verifyFile(json(signed), 'file', {
      ...options,
      now: new Date('2026-11-24T09:00:00Z')
    });
    expect(named(early, 'date')).toMatchObject({ state: 'fails', reason: expect.stringMatching(/future/) });
  });
});

describe('a bundle', () => {
  it('holds in every check', async () => {
    const report = await verify(bundle);
    expect(report.checks.filter(({ state }) => state !== 'holds')).toEqual([]);
    expect(allHold(report)).toBe(true);
    expect(report.title).toMatch(/with its rows/);
  });

  it('fails where any byte is another', async () => {
    const bytes = new Uint8Array(await bundle.arrayBuffer());
    for (let at = 0; at < bytes.length; at += 61) {
      const changed = bytes.slice();
      changed[at] ^= 4;
      expect(failing(await verify(new Blob([changed]))).length, `byte ${at}`).toBeGreaterThan(0);
    }
  });

  it('fails where it was cut or added to, and is then of no kind', async () => {
    for (const broken of [
      bundle.slice(0, bundle.size - 1),
      bundle.slice(0, 200),
      bundle.slice(0, 4),
      new Blob([bundle, '\n']),
      new Blob([bundle, bundle])
    ]) {
      const report = await verify(broken);
      expect(report.kind).toBe('unreadable');
      expect(failing(report)[0].name).toBe('container');
    }
  });

  it('fails where somebody packs it again with one part changed, left out or moved', async () => {
    const entries = await openContainer(bundle);
    const pack = async (parts: ContainerPart[]) =>
      verify(await writeContainer(parts.map(({ name, data }) => ({ name, data }))));
    for (const [index, { name, data }] of entries.entries()) {
      const text = await data.text();
      const changed = { name, data: new Blob([text.replace('a', 'e')]) };
      const report = await pack(entries.with(index, { ...changed, crc32: 0 }));
      expect(failing(report)[0], name).toMatchObject({
        name: index === 0 ? expect.stringMatching(/form|signature/) : 'contents'
      });
      expect(failing(await pack(entries.toSpliced(index, 1))).length, `without ${name}`).toBeGreaterThan(0);
    }
    expect(failing(await pack([...entries].reverse()))[0].name).toBe('contents');
  });

  it.each<[string, string, () => Partial<Version>]>([
    ['a root of other rows', 'rows', () => ({ rows: { ...rows.digest, root: someRoot('7') } })],
    ['another number of rows', 'rows', () => ({ rows: { ...rows.digest, count: 4 } })],
    ['another split', 'people', () => ({ splits: { train: 1, validation: 1, test: 1 } })],
    [
      'splits that are more than its rows',
      'people',
      () => ({ splits: { train: 9, validation: 0, test: 1 } })
    ],
    ['no contributors', 'people', () => ({ contributors: [] })],
    ['no contributions', 'people', () => ({ contributions: [] })],
    [
      'a contribution that is not in it',
      'provenance',
      () => ({
        contributions: [
          { id: someCid(), contributor: writer.person.id, licence: { spdx: 'CC0-1.0' }, rows: 2 }
        ]
      })
    ],
    [
      'another licence for a contribution',
      'provenance',
      () => ({
        contributions: [
          {
            ...{ id: statementCid(contribution), contributor: writer.person.id, rows: 2 },
            licence: { spdx: 'CC0-1.0' }
          }
        ]
      })
    ]
  ])('fails where its own owner signed %s', async (_, name, said) => {
    expect(failing(await verify((await bundleOf(said())).blob)).map((check) => check.name)).toContain(name);
  });

  it('fails where its description says something else, whoever signed it', async () => {
    const describing = (text: (croissant: string) => string) => async (parts: ContainerPart[]) =>
      parts.with(1, { name: parts[1].name, data: new Blob([text(await parts[1].data.text())]) });
    const told = async (text: (croissant: string) => string) => {
      const { blob } = await bundleOf();
      const [, ...parts] = await openContainer(blob);
      const changed = (await describing(text)(parts)).map(({ name, data }) => ({ name, data }));
      return verify((await bundleOf({}, { change: () => changed })).blob);
    };
    const lie = await told((text) => text.replace('CC-BY-4.0', 'CC0-1.0'));
    expect(failing(lie)).toMatchObject([{ name: 'description', reason: expect.stringMatching(/license/) }]);
    const other = await told((text) => text.replace('"isLiveDataset":false', '"isLiveDataset":true'));
    expect(other.checks.filter(({ state }) => state !== 'holds')).toMatchObject([
      { name: 'description', state: 'unknown', reason: expect.stringMatching(/isLiveDataset/) }
    ]);
  });

  it('says of sealed rows what cannot be checked without the key', async () => {
    const { key } = await createDataKey(owner.person.agreement);
    const sealed = await bundleOf({}, { key });
    const report = await verify(sealed.blob);
    expect(failing(report)).toEqual([]);
    expect(statesOf(report)).toMatchObject({ sealing: 'holds', rows: 'unknown', contents: 'holds' });
    expect(named(report, 'rows')?.reason).toMatch(/Without the key/);
    const short = await bundleOf({ rows: { ...rows.digest, bytes: 1 } }, { key });
    expect(failing(await verify(short.blob))).toMatchObject([{ name: 'sealing' }]);
  });

  it('is told of what was taken back, of another owner, and of another version with its number', async () => {
    const withdrawal = await signStatement(writer, {
      ...{ kind: 'withdrawal', by: writer.person, created: '2026-11-24T10:00:00.000Z', datanet: DATANET },
      ...{ contribution: statementCid(contribution), reason: '' }
    });
    const back = await verify(bundle, json(withdrawal));
    expect(failing(back)).toMatchObject([
      { name: 'withdrawals', reason: expect.stringMatching(/“Bo”.* 2 of its rows/) }
    ]);
    const forged = await signStatement(reader, { ...withdrawal.statement, by: reader.person });
    expect(failing(await verify(bundle, json(forged)))).toEqual([]);

    const twin = await bundleOf({ changes: 'Another' });
    expect(failing(await verify(bundle, twin.blob))).toMatchObject([{ name: 'number' }]);
    const next = await bundleOf({ number: 2, previous: rows.digest.root });
    expect(allHold(await verify(next.blob, bundle))).toBe(true);
    expect(named(await verify(bundle, next.blob), 'replay')?.reason).toMatch(/not the newest: version 2/);
    const stray = await bundleOf({ number: 2, previous: someRoot('8') });
    expect(failing(await verify(stray.blob, bundle))).toMatchObject([{ name: 'previous' }]);
    const usurped = await signStatement(reader, { ...version.statement, by: reader.person, number: 3 });
    expect(failing(await verify(bundle, json(usurped)))).toMatchObject([{ name: 'owner' }]);
    const invited = { ...everyStatement(reader.person, owner.person).invitation, datanet: DATANET };
    const rival = json(await signStatement(reader, invited));
    expect(failing(await verify(bundle, rival))).toMatchObject([{ name: 'owner' }]);
  });
});

describe('a contribution with its rows', () => {
  it('holds with the invitation that it answers, and fails with other rows', async () => {
    const lines = new Blob(
      rowList
        .slice(1)
        .map((row) => `${canonicalJson({ contributor: row.contributor, ...rowContent(row) })}\n`)
    );
    const openFile = (signed: typeof contribution, data: Blob) =>
      writeContribution(signed, [{ name: 'rows.jsonl', data }]);
    const file = await openFile(contribution, lines);
    expect(allHold(await verify(file, json(invitation)))).toBe(true);
    const without = await verify(file);
    expect(statesOf(without)).toMatchObject({ rows: 'holds', invitation: 'unknown', withdrawal: 'unknown' });
    const other = await openFile(contribution, new Blob([(await lines.text()).replace('green', 'brown')]));
    expect(failing(await verify(other))[0].name).toBe('contents');

    const over = await signStatement(owner, {
      ...{ ...invitation.statement, kind: 'invitation', facts: FACTS, policy: POLICY },
      ...{ datanet: 'other', expires: '2026-11-24T08:30:00Z' }
    });
    const late = await signStatement(writer, { ...contribution.statement, invitation: statementCid(over) });
    const report = await verify(await openFile(late, lines), json(over));
    expect(failing(report).map(({ name }) => name)).toEqual(['datanet', 'in time']);
  });

  it('says of a sealed one what cannot be checked without the key', async () => {
    const lock = await createDataKey(owner.person.agreement);
    const lines = rows.blob.slice(0, contribution.statement.rows.bytes);
    const prepared = await prepareContribution(contribution.statement, lines, lock);
    const signed = await signStatement(writer, prepared.contribution);
    const file = await writeContribution(signed, prepared.parts);
    const report = await verify(file, json(invitation));
    expect(failing(report)).toEqual([]);
    expect(statesOf(report)).toMatchObject({
      ...{ contents: 'holds', sealing: 'holds', rows: 'unknown', key: 'unknown' }
    });
    // Which bytes are sealed was not always signed.
    const old = await verify(await writeContribution(contribution, prepared.parts), json(invitation));
    expect(failing(old)).toEqual([]);
    expect(statesOf(old)).toMatchObject({ contents: 'unknown', sealing: 'holds' });
    const again = await prepareContribution(contribution.statement, lines, lock);
    const others = await verify(await writeContribution(signed, again.parts), json(invitation));
    expect(failing(others)).toMatchObject([{ name: 'contents' }]);
  });
});

describe('the proof of a row', () => {
  const proofOf = (index: number, content = true) => ({
    ...{ format: 'standard-v1', leafEncoding: ['string', 'string'], root: rows.tree.root },
    value: [rowCid(rowContent(rowList[index])), rowList[index].contributor],
    proof: rows.tree.proof(index),
    ...(content ? { content: rowContent(rowList[index]) } : {})
  });

  it('holds with the version that it is of; alone, who signed the root is unknown', async () => {
    for (const index of rowList.keys()) {
      expect(allHold(await verify(json(proofOf(index)), bundle))).toBe(true);
      expect(allHold(await verify(json(proofOf(index)), json(version)))).toBe(true);
      expect(statesOf(await verify(json(proofOf(index))))).toEqual({
        ...{ form: 'holds', row: 'holds', proof: 'holds', root: 'unknown' }
      });
    }
  });

  it('without words is looked for in the bundle', async () => {
    expect(named(await verify(json(proofOf(1, false))), 'row')?.reason).toMatch(/Give the open bundle/);
    const found = await verify(json(proofOf(1, false)), bundle);
    expect(named(found, 'row')).toMatchObject({
      ...{ state: 'holds', reason: expect.stringMatching(/The ferry goes first/) }
    });
  });

  it('fails, with the reason, where any field is another, is missing or is added', async () => {
    for (const [path, changed] of changesOf(proofOf(2))) {
      if (path === ' without content') continue;
      const report = await verify(json(changed), bundle);
      expect(failing(report).length, `${path} was changed`).toBeGreaterThan(0);
    }
  });

  it('fails with a version of other rows, and with one that does not name its contributor', async () => {
    const others = await writeRows([{ text: 'Something else', contributor: writer.person.id }]);
    const other = await signStatement(owner, { ...version.statement, rows: others.digest });
    expect(failing(await verify(json(proofOf(0)), json(other)))).toMatchObject([{ name: 'root' }]);
    const nobody = await signStatement(owner, { ...version.statement, contributors: [] });
    expect(failing(await verify(json(proofOf(0)), json(nobody)))).toMatchObject([
      { name: 'root', reason: expect.stringMatching(/does not name/) }
    ]);
  });
});

describe('a grant', () => {
  const grantOf = async (by: Identity, said: Partial<AccessGrant> = {}) => {
    const all = everyStatement(by.person, reader.person)['access-grant'];
    const { request: _, ...rest } = all;
    return signStatement(by, { ...rest, datanet: DATANET, root: rows.digest.root, ...said });
  };
  let asked: Signed;
  beforeAll(async () => {
    asked = await signStatement(reader, {
      ...{ ...everyStatement(reader.person, owner.person)['access-request'], datanet: DATANET },
      root: rows.digest.root
    });
  });

  it('is held against version, request, clock and revocation', async () => {
    const grant = await grantOf(owner, { request: statementCid(asked) });
    const report = await verify(json(grant), bundle, json(asked));
    expect(failing(report)).toEqual([]);
    // Only the key is left, which no stranger can try.
    expect(report.checks.filter(({ state }) => state === 'unknown').map(({ name }) => name)).toEqual(['key']);
    expect(named(await verify(json(grant)), 'revocation')).toMatchObject({ state: 'unknown' });

    const revocation = { kind: 'revocation' as const, created: '2026-11-24T11:00:00.000Z', datanet: DATANET };
    const ended = { ...revocation, grant: statementCid(grant), reason: '' };
    const byOwner = await signStatement(owner, { ...ended, by: owner.person });
    const byOther = await signStatement(reader, { ...ended, by: reader.person });
    expect(failing(await verify(json(grant), json(byOwner)))).toMatchObject([{ name: 'revocation' }]);
    expect(failing(await verify(json(grant), json(byOther)))).toEqual([]);
    expect(failing(await verify(json(byOther), json(grant)))).toMatchObject([{ name: 'right' }]);
    expect(failing(await verify(json(byOwner), json(grant)))).toEqual([]);
  });

  it.each<[string, string, () => Promise<Signed>]>([
    ['is over', 'expiry', () => grantOf(owner, { conditions: { expires: '2026-11-24T12:00:00Z' } })],
    ['is somebody else’s to give', 'right', () => grantOf(writer)],
    ['allows what is forbidden', 'rules', () => grantOf(owner, { uses: ['redistribution'] })],
    [
      'is for another person than who asked',
      'answer',
      () => grantOf(owner, { to: writer.person, request: statementCid(asked) })
    ],
    [
      'names something else as the request',
      'request',
      () => grantOf(owner, { request: statementCid(contribution) })
    ]
  ])('that %s fails', async (_, name, make) => {
    const related = [bundle, json(asked), json(contribution)];
    expect(failing(await verify(json(await make()), ...related)).map((check) => check.name)).toContain(name);
  });
});

describe('decisions', () => {
  it('count rows that there were, are the owner’s, and are made once', async () => {
    const decide = (by: Identity, approved: number, reason = '') =>
      signStatement(by, {
        ...{ kind: 'decision', by: by.person, created: '2026-11-24T10:00:00.000Z', datanet: DATANET },
        ...{ contribution: statementCid(contribution), rejected: [{ row: someCid(), reason }], approved }
      });
    const related = [json(contribution), json(invitation)];
    const one = json(await decide(owner, 1));
    expect(allHold(await verify(one, ...related))).toBe(true);
    expect(failing(await verify(json(await decide(owner, 2)), ...related))).toMatchObject([
      { name: 'counts' }
    ]);
    expect(failing(await verify(json(await decide(writer, 1)), ...related))).toMatchObject([
      { name: 'right' }
    ]);
    const two = json(await decide(owner, 1, 'No'));
    expect(failing(await verify(one, two, ...related))).toMatchObject([{ name: 'replay' }]);
    expect(named(await verify(one, json(contribution)), 'right')).toMatchObject({ state: 'unknown' });
  });
});

describe('wallets', () => {
  it('stay unknown where nobody can check them, or only their chain can', async () => {
    const statement = {
      ...everyStatement(owner.person, reader.person)['wallet-link'],
      address: account.address
    };
    const signed = { ...(await signStatement(owner, statement)), wallet: await walletOf(statement) };
    const without = await verifyFile(json(signed), 'x', { now });
    expect(named(without, 'wallet')).toMatchObject({ state: 'unknown' });
    const contract = { ...signed, wallet: { ...signed.wallet, value: `0x${'ab'.repeat(100)}` } };
    expect(named(await verify(json(contract)), 'wallet')?.reason).toMatch(/only its chain/);
    const refused = await signStatement(owner, everyStatement(owner.person, reader.person).refusal);
    expect(failing(await verify(json({ ...refused, wallet: signed.wallet })))).toMatchObject([
      {
        name: 'form',
        reason: expect.stringContaining('a wallet does not sign a statement of this kind') as string
      }
    ]);
  });
});

describe('anything else', () => {
  it('gives a report, whatever bytes or JSON it is', async () => {
    const text = canonicalJson(version);
    const bytes = new Uint8Array(await bundle.arrayBuffer());
    const expectReport = async (blob: Blob) => {
      const report = await verify(blob, blob);
      expect(report.checks.length).toBeGreaterThan(0);
      expect(allHold(report)).toBe(false);
    };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), (random) =>
        expectReport(new Blob([random.slice()]))
      ),
      fuzz(150)
    );
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.constantFrom('statement', 'signature', 'proof', 'wallet'),
        (value, key) => expectReport(new Blob([JSON.stringify({ [key]: value, value })]))
      ),
      fuzz(150)
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.nat(bytes.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        (at, end, put) =>
          expectReport(
            new Blob([bytes.slice(0, at), put.slice(), bytes.slice(Math.max(at, end) + 1), text.slice(0, 3)])
          )
      ),
      fuzz(100)
    );
  });

  it('is refused fast where it is huge, deep, empty or a foreign archive', async () => {
    const begun = performance.now();
    for (const blob of [
      new Blob([]),
      new Blob([new Uint8Array(70 * 2 ** 20)]),
      new Blob([`{"statement":${'['.repeat(500_000)}${']'.repeat(500_000)}}`]),
      new Blob([`{"statement":{"kind":"invitation","by":${'{"by":'.repeat(10_000)}1${'}'.repeat(10_000)}}}`]),
      new Blob([`{"proof":[${'"0x",'.repeat(200_000)}1],"leafEncoding":1}`]),
      new Blob(['{"__proto__":{"statement":1},"signature":{}}']),
      new Blob([new Uint8Array([0x50, 0x4b, 3, 4]), new Uint8Array(1000)]),
      new Blob(['\ud800#open=AAAA']),
      new Blob(['[1,2,3]'])
    ]) {
      const report = await verify(blob);
      expect(report.kind === 'unreadable' || failing(report).length > 0).toBe(true);
      expect(report.checks.every(({ reason }) => reason.length < 700)).toBe(true);
    }
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  it('among the files given with it is said, and nothing more', async () => {
    const report = await verify(bundle, new Blob(['rubbish']));
    expect(report.checks.filter(({ state }) => state !== 'holds')).toMatchObject([
      { name: 'files given with it', state: 'unknown' }
    ]);
  });

  it('ends when it is cancelled', async () => {
    const control = new AbortController();
    control.abort(new Error('enough'));
    await expect(verifyFile(bundle, 'x', { ...options, signal: control.signal })).rejects.toThrow('enough');
    await expect(
      verifyFiles(
        [
          { name: 'a', blob: bundle },
          { name: 'b', blob: bundle }
        ],
        { ...options, signal: control.signal }
      )
    ).rejects.toThrow('enough');
  });
});

it('progress grows from nothing to all files, however many there are', async () => {
  const shares: number[] = [];
  const onProgress = (done: number, total: number) => shares.push(done / total);
  const files = ['a', 'b'].map((name) => ({ name, blob: bundle }));
  await verifyFiles(files, { ...options, onProgress });
  expect(shares.length).toBeGreaterThan(4);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

it('several files are compared with each other, each on its own', async () => {
  const reports = await verifyFiles(
    [
      { name: 'a.datanet', blob: bundle },
      { name: 'b.json', blob: json(contribution) },
      { name: 'c.json', blob: json(invitation) },
      { name: 'd', blob: new Blob(['?']) }
    ],
    options
  );
  expect(reports.map(({ kind }) => kind)).toEqual(['version', 'contribution', 'invitation', 'unreadable']);
  expect(named(reports[1], 'invitation')).toMatchObject({ state: 'holds' });
});

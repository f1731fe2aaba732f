import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { TabtuneError } from '../../errors';
import { writeRows, type RowsFile } from '../content/rows-file';
import { verifyProof } from '../content/merkle';
import { rowCid, rowContent } from '../content/cid';
import type { DatanetRow } from '../datanet';
import { createIdentity, type Identity } from '../trust/identity';
import { signStatement, statementCid } from '../trust/sign';
import type { Contribution, Signed, Statement, Version } from '../trust/statements';
import { FACTS, POLICY, someCid } from '../trust/testing';
import { createDataKey, unwrapKey } from '../trust/wrap';
import { BundlePartsError, openBundle, prepareBundle, writeBundle } from './bundle';
import { BrokenContainerError, openContainer, writeContainer } from './container';
import { openContribution, prepareContribution, writeContribution } from './contribution-file';
import { LockedRowsError } from './rows-part';
import { CannotUnsealError } from './seal';
import { BrokenBundleError } from './signed-container';

const DATANET = '6f9c1c5e-0000-4000-8000-000000000001';
const CREATED = '2026-11-24T09:30:00.000Z';
const SECRET = 'Ebbe um sechs';

let ada: Identity;
let bo: Identity;
let contribution: Signed<Contribution>;
let rows: RowsFile;

beforeAll(async () => {
  [ada, bo] = await Promise.all([createIdentity('Ada'), createIdentity('Bo')]);
  const handedIn: DatanetRow[] = [{ text: SECRET, contributor: bo.person.id, source: 'notes' }];
  contribution = await signStatement(bo, {
    kind: 'contribution',
    by: bo.person,
    created: CREATED,
    datanet: DATANET,
    invitation: someCid('b'),
    source: 'My notes',
    licence: { spdx: 'CC0-1.0', evidence: 'I wrote them' },
    policy: POLICY,
    rows: (await writeRows(handedIn)).digest
  });
  rows = await writeRows([
    { ...handedIn[0], contribution: statementCid(contribution), split: 'test' },
    {
      messages: [{ role: 'user', content: 'Why?' }],
      contributor: ada.person.id,
      tags: ['tide'],
      drafted: true
    }
  ]);
});

function versionOf(more: Partial<Version> = {}): Omit<Version, 'files'> {
  return {
    kind: 'version',
    by: ada.person,
    created: CREATED,
    datanet: DATANET,
    number: 2,
    facts: FACTS,
    policy: POLICY,
    contributors: [
      { id: bo.person.id, name: 'Bo' },
      { id: ada.person.id, name: 'Ada' }
    ],
    contributions: [
      {
        id: statementCid(contribution),
        contributor: bo.person.id,
        licence: contribution.statement.licence,
        policy: POLICY,
        rows: 1
      }
    ],
    rows: rows.digest,
    splits: rows.tally.splits,
    permissioned: false,
    changes: 'First tides',
    ...more
  };
}

interface Changes {
  version?: Partial<Version>;
  statements?: Signed[];
  key?: CryptoKey;
  by?: Identity;
}

/** A bundle as its owner makes it, with changes. */
async function bundle({ version, statements = [contribution], key }: Changes = {}): Promise<Blob> {
  const prepared = await prepareBundle(
    versionOf({ permissioned: key !== undefined, ...version }),
    rows,
    statements,
    key
  );
  return writeBundle(await signStatement(ada, prepared.version), prepared.parts);
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const newKey = () => createDataKey(ada.person.agreement);

/** Opens a file and reads its rows, as somebody with the key would. */
async function readAll(blob: Blob, key?: CryptoKey): Promise<DatanetRow[]> {
  const opened = await openBundle(blob);
  await opened.verifyRows(key);
  return collect(opened.rows(key));
}

async function collect(source: AsyncIterable<DatanetRow>): Promise<DatanetRow[]> {
  const list: DatanetRow[] = [];
  for await (const row of source) list.push(row);
  return list;
}

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error
  );
}

/** A Blob whose reads cost nothing: Node's take a tenth of a millisecond each, and tens of thousands follow. */
class MemoryBlob extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.#bytes = bytes;
  }

  override get size(): number {
    return this.#bytes.length;
  }

  override slice(start?: number, end?: number): Blob {
    return new MemoryBlob(this.#bytes.subarray(start, end));
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#bytes.slice().buffer);
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new Blob([this.#bytes]).stream();
  }
}

/** Every byte changed, every length cut to, some bytes added: each must be refused with a reason. */
async function expectRefusedEverywhere(
  good: Uint8Array<ArrayBuffer>,
  read: (blob: Blob) => Promise<unknown>
): Promise<void> {
  const accepted: string[] = [];
  const check = async (what: string, bad: Blob) => {
    const error = await refusal(read(bad));
    if (!(error instanceof TabtuneError) || error.message.length < 40)
      accepted.push(`${what}: ${String(error)}`);
  };
  for (let at = 0; at < good.length; at += 1) {
    const bad = good.slice();
    bad[at] ^= 1 << (at % 8);
    await check(`byte ${at}`, new MemoryBlob(bad));
  }
  for (let at = 0; at < good.length; at += 97) {
    await check(`cut to ${at}`, new MemoryBlob(good.slice(0, at)));
    await check(
      `longer at ${at}`,
      new MemoryBlob(new Uint8Array([...good.slice(0, at), 0, ...good.slice(at)]))
    );
  }
  expect(accepted).toEqual([]);
}

/** Changes the content of each part and writes a container of its own around them: all checksums fit again. */
async function expectForgeriesRefused(good: Blob, read: (blob: Blob) => Promise<unknown>): Promise<void> {
  const entries = await openContainer(good);
  for (const [i, entry] of entries.entries()) {
    const content = await bytesOf(entry.data);
    for (let at = 0; at < content.length; at += Math.ceil(content.length / 40)) {
      const bad = content.slice();
      bad[at] ^= 1 << (at % 8);
      const parts = entries.map(({ name, data }, j) => ({ name, data: i === j ? new Blob([bad]) : data }));
      const error = await refusal(read(await writeContainer(parts)));
      expect(error, `byte ${at} of ${entry.name}`).toBeInstanceOf(TabtuneError);
      expect(error).not.toBeInstanceOf(BrokenContainerError);
    }
    const without = entries.filter((_, j) => i !== j).map(({ name, data }) => ({ name, data }));
    expect(await refusal(read(await writeContainer(without)))).toBeInstanceOf(TabtuneError);
  }
  const turned = entries.toReversed().map(({ name, data }) => ({ name, data }));
  expect(await refusal(read(await writeContainer(turned)))).toBeInstanceOf(BrokenBundleError);
}

describe('an open bundle', () => {
  it('comes back with the same rows and the same root', async () => {
    const blob = await bundle();
    const opened = await openBundle(blob);
    expect(opened.permissioned).toBe(false);
    expect(opened.version.statement).toMatchObject(versionOf());
    expect(opened.cid).toBe(statementCid(opened.version));
    expect(opened.statements).toEqual([contribution]);
    expect(opened.croissant).toMatchObject({ name: FACTS.name, version: '2.0.0' });

    const back = await collect(opened.rows());
    const again = await writeRows(back);
    expect(again.digest).toEqual(rows.digest);
    const { tree } = await opened.verifyRows();
    expect(tree.root).toBe(rows.digest.root);
    expect(verifyProof(tree.root, rowCid(rowContent(back[1])), ada.person.id, tree.proof(1))).toBe(true);
  });

  it('opens with an ordinary unzip', async () => {
    const files = unzipSync(await bytesOf(await bundle()));
    expect(Object.keys(files)).toEqual([
      'statement.json',
      'statements.jsonl',
      'croissant.json',
      'rows.jsonl'
    ]);
    expect(Buffer.from(files['rows.jsonl']).toString()).toBe(await rows.blob.text());
  });

  it('is refused when it is changed at any byte', async () => {
    await expectRefusedEverywhere(await bytesOf(await bundle()), (blob) => readAll(blob));
  }, 120_000);

  it('is refused when a part of it was changed with its checksums', async () => {
    await expectForgeriesRefused(await bundle(), (blob) => readAll(blob));
  });
});

describe('a sealed bundle', () => {
  it('opens with the key that was wrapped for its owner, and shows no row to anybody else', async () => {
    const { key, wrapped } = await newKey();
    const blob = await bundle({ key });
    const opened = await openBundle(blob);
    expect(opened.permissioned).toBe(true);
    expect(Buffer.from(await bytesOf(blob)).includes(SECRET)).toBe(false);
    await expect(opened.verifyRows()).rejects.toThrow(LockedRowsError);
    await expect(opened.rows().next()).rejects.toThrow(LockedRowsError);
    await expect(opened.verifyRows((await newKey()).key)).rejects.toThrow(CannotUnsealError);
    expect(
      (await readAll(blob, await unwrapKey(wrapped, ada))).map((row) => 'text' in row && row.text)
    ).toContain(SECRET);
  });

  it('is refused when it is changed at any byte', async () => {
    const { key } = await newKey();
    const blob = await bundle({ key });
    await expectRefusedEverywhere(await bytesOf(blob), (bad) => readAll(bad, key));
    await expectForgeriesRefused(blob, (bad) => readAll(bad, key));
  }, 120_000);

  it('does not take the sealed rows of another version', async () => {
    const { key } = await newKey();
    const other = await prepareBundle(
      versionOf({ permissioned: true, rows: { ...rows.digest, root: `0x${'7'.repeat(64)}` } }),
      rows,
      [contribution],
      key
    );
    const signed = await signStatement(ada, { ...other.version, rows: rows.digest });
    const opened = await openBundle(await writeBundle(signed, other.parts));
    await expect(opened.verifyRows(key)).rejects.toThrow(CannotUnsealError);
  });
});

describe('a bundle that its owner signed', () => {
  const licence = { spdx: 'MIT' };
  const cases: [string, () => Promise<Changes> | Changes, RegExp][] = [
    ['without a contribution that it lists', () => ({ statements: [] }), /is not in it/],
    ['with the same statement twice', () => ({ statements: [contribution, contribution] }), /twice/],
    [
      'with a contribution under another licence',
      () => ({ version: { contributions: [{ ...versionOf().contributions[0], licence }] } }),
      /another licence than "CC0-1.0"/
    ],
    [
      'with looser rules than a contributor gave',
      () => ({
        version: {
          policy: { ...POLICY, redistribution: { rule: 'allowed' } },
          contributions: [{ ...versionOf().contributions[0], policy: undefined }].map(
            ({ policy: _, ...rest }) => rest
          )
        }
      }),
      /looser rules/
    ],
    [
      'with a contribution as somebody else’s',
      () => ({
        version: { contributions: [{ ...versionOf().contributions[0], contributor: ada.person.id }] }
      }),
      /somebody else's/
    ],
    [
      'with more rows of a contribution than it had',
      () => ({ version: { contributions: [{ ...versionOf().contributions[0], rows: 2 }] } }),
      /2 rows of a contribution by "Bo" of 1/
    ],
    [
      'with statements about another Datanet',
      async () => ({
        statements: [contribution, await signStatement(bo, { ...contribution.statement, datanet: 'other' })]
      }),
      /another Datanet/
    ],
    [
      'with statements of a kind that does not belong there',
      async () => ({ statements: [contribution, await signStatement(ada, { ...(await anyRefusal()) })] }),
      /kind "refusal"/
    ],
    [
      'with a contributor left out',
      () => ({ version: { contributors: [{ id: ada.person.id, name: 'Ada' }] } }),
      /not among its contributors/
    ],
    [
      'with rows of a contribution left out',
      () => ({ version: { contributions: [{ ...versionOf().contributions[0], rows: 0 }] } }),
      /1 rows of the contribution/
    ],
    [
      'with other splits',
      () => ({ version: { splits: { train: 1, validation: 1, test: 0 } } }),
      /rows for validation|rows for test/
    ],
    [
      'with another root',
      () => ({ version: { rows: { ...rows.digest, root: `0x${'1'.repeat(64)}` } } }),
      /Merkle root/
    ],
    [
      'with another number of rows',
      () => ({ version: { rows: { ...rows.digest, count: 3 } } }),
      /number of rows/
    ],
    [
      'with the digest of other rows',
      () => ({ version: { rows: { ...rows.digest, sha256: '1'.repeat(64) } } }),
      /"rows.jsonl" in it is not the one that was signed/
    ]
  ];

  async function anyRefusal(): Promise<Statement> {
    return {
      kind: 'refusal',
      by: ada.person,
      created: CREATED,
      datanet: DATANET,
      request: someCid('g'),
      reason: ''
    };
  }

  it.each(cases)('%s is refused', async (_, changes, message) => {
    const blob = await bundle(await changes());
    const error = await refusal(readAll(blob));
    expect(error).toBeInstanceOf(TabtuneError);
    expect((error as Error).message).toMatch(message);
    // Whoever only reads the rows is told at their end, but for the root.
    const read = await refusal(openBundle(blob).then((opened) => collect(opened.rows())));
    expect(read instanceof TabtuneError || message.source === 'Merkle root').toBe(true);
  });

  it('with other parts than it names is not written, and not opened', async () => {
    const prepared = await prepareBundle(versionOf(), rows, [contribution]);
    const signed = await signStatement(ada, prepared.version);
    await expect(writeBundle(signed, prepared.parts.slice(1))).rejects.toThrow(BundlePartsError);
    const twoThings = { ...prepared.version, rows: { ...rows.digest, sha256: '1'.repeat(64) } };
    await expect(
      openBundle(await writeBundle(await signStatement(ada, twoThings), prepared.parts))
    ).rejects.toThrow('two things of its rows');
    const swapped = prepared.parts.map(({ name, data }) => ({
      name,
      data: name === 'croissant.json' ? new Blob(['x'.repeat(data.size)]) : data
    }));
    await expect(openBundle(await writeBundle(signed, swapped))).rejects.toThrow(
      '"croissant.json" in it is not the one'
    );
  });

  it('open, with a key, or permissioned, without one, is not prepared', async () => {
    const { key } = await newKey();
    await expect(prepareBundle(versionOf(), rows, [], key)).rejects.toThrow(BundlePartsError);
    await expect(prepareBundle(versionOf({ permissioned: true }), rows, [])).rejects.toThrow(
      BundlePartsError
    );
  });
});

describe('a contribution', () => {
  let handedIn: RowsFile;
  beforeAll(async () => {
    handedIn = await writeRows([{ text: SECRET, contributor: bo.person.id, source: 'notes' }]);
  });
  const openFile = (rows = handedIn.blob) =>
    writeContribution(contribution, [{ name: 'rows.jsonl', data: rows }]);

  /** Sealed for Ada, and signed with the digests of what is sealed. */
  async function sealedFile(rows = handedIn.blob) {
    const lock = await createDataKey(ada.person.agreement);
    const prepared = await prepareContribution(contribution.statement, rows, lock);
    const signed = await signStatement(bo, prepared.contribution);
    return { lock, parts: prepared.parts, blob: await writeContribution(signed, prepared.parts) };
  }

  it('comes back, open or sealed for the owner', async () => {
    const open = await openContribution(await openFile());
    expect(open.signed).toEqual(contribution);
    expect(open.cid).toBe(statementCid(contribution));
    expect((await open.verifyRows()).tree.root).toBe(contribution.statement.rows.root);

    const { blob } = await sealedFile();
    expect(Buffer.from(await bytesOf(blob)).includes(SECRET)).toBe(false);
    const sealed = await openContribution(blob);
    expect(sealed.sealed).toBe(true);
    const key = await unwrapKey(sealed.wrapped!, ada);
    expect(await collect(sealed.rows(key))).toHaveLength(1);
    await expect(sealed.verifyRows()).rejects.toThrow(LockedRowsError);
  });

  it('is refused when it is changed at any byte, open or sealed', async () => {
    const sealed = await sealedFile();
    for (const [blob, key] of [
      [await openFile(), undefined],
      [sealed.blob, sealed.lock.key]
    ] as const) {
      await expectRefusedEverywhere(await bytesOf(blob), async (bad) =>
        (await openContribution(bad)).verifyRows(key)
      );
    }
  }, 120_000);

  it('is refused when a part of it was changed with its checksums, sealed also by whoever has no key', async () => {
    await expectForgeriesRefused(await openFile(), async (bad) => (await openContribution(bad)).verifyRows());
    await expectForgeriesRefused((await sealedFile()).blob, (bad) => openContribution(bad));
  });

  it('sealed as it once was, its statement naming only its rows, opens with the key, which every byte needs', async () => {
    const { parts, lock } = await sealedFile();
    const old = await writeContribution(contribution, parts);
    const read = async (blob: Blob) => {
      const opened = await openContribution(blob);
      return opened.verifyRows(await unwrapKey(opened.wrapped!, ada));
    };
    expect((await read(old)).tree.root).toBe(contribution.statement.rows.root);
    expect(await collect((await openContribution(old)).rows(lock.key))).toHaveLength(1);
    await expectForgeriesRefused(old, read);
  });

  it('with other rows than were signed is refused', async () => {
    const other = await writeRows([{ text: 'other', contributor: bo.person.id }]);
    await expect(openContribution(await openFile(other.blob))).rejects.toThrow(BrokenBundleError);
    const { blob, lock } = await sealedFile(other.blob);
    const sealed = await openContribution(blob);
    await expect(sealed.verifyRows(lock.key)).rejects.toThrow(/length|SHA-256/);
  });

  it('with rows that are no rows is refused by their digest, before anything is made of them', async () => {
    const { blob, lock } = await sealedFile(new Blob(['{'.repeat(contribution.statement.rows.bytes)]));
    const sealed = await openContribution(blob);
    await expect(sealed.verifyRows(lock.key)).rejects.toThrow(/their SHA-256 is/);
  });

  it('is no version, and a version is no contribution', async () => {
    const file = await openFile();
    await expect(openBundle(file)).rejects.toThrow('of the kind "contribution" and not "version"');
    await expect(openContribution(await bundle())).rejects.toThrow('of the kind "version"');
    await expect(openBundle(new Blob(['{"kind":"version"}']))).rejects.toThrow(BrokenContainerError);
  });
});

/** What tests of runs on Datanets share: a version in the store, without the long way there. */
import { prepareBundle, writeBundle } from '../datanets/bundle/bundle';
import { writeRows } from '../datanets/content/rows-file';
import type { DatanetRow } from '../datanets/datanet';
import type { Policy } from '../datanets/policy/policy';
import { BlockPacker } from '../datanets/store/blocks';
import type { VersionRecord } from '../datanets/store/datanet-schema';
import { RowTable } from '../datanets/store/row-table';
import type { Store } from '../datanets/store/store';
import type { Identity } from '../datanets/trust/identity';
import { signStatement, statementCid } from '../datanets/trust/sign';
import type { Person, Signed, Statement, Version } from '../datanets/trust/statements';

export const openPolicy: Policy = {
  training: { rule: 'allowed' },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'allowed' }
};

export const owner: Person = { id: 'did:key:owner', name: 'Ines', agreement: 'did:key:ines' };

/** As if it were signed: whoever reads the store relies on what was checked before it came in. */
export function signedBy<S extends Statement>(statement: S): Signed<S> {
  return { statement, signature: { algorithm: 'ES256', key: statement.by.id, value: '' } };
}

/** Keeps a version that was made in this browser. @param name of the Datanet, and in its ids */
export async function keepVersion(
  store: Store,
  name: string,
  rows: readonly DatanetRow[],
  change: Partial<Version> = {}
): Promise<VersionRecord> {
  const id = `datanet-${name}`;
  const [packer, table] = [new BlockPacker(id), new RowTable()];
  for (const row of rows) table.append(packer.add(row), row);
  const version: Version = { ...versionOf(name, rows), splits: table.splits(), ...change };
  const record: VersionRecord = {
    ...{ cid: `cid ${name}`, root: version.rows.root, datanet: id, number: version.number, revision: 0 },
    signed: signedBy(version)
  };
  await store.datanets.commit(id, 'a Datanet', {
    create: { ...datanetOf(version), id, role: 'owner', owner },
    tables: [{ ref: { of: 'version', name: record.cid }, table }],
    blocks: packer.takeAll(),
    versions: [record]
  });
  return record;
}

/** Keeps a version of somebody else as the file that it comes in, signed and sealed as a real one. */
export async function keepReceived(
  store: Store,
  publisher: Identity,
  rows: readonly DatanetRow[],
  key?: CryptoKey
): Promise<VersionRecord> {
  const file = await writeRows(rows);
  const { version, parts } = await prepareBundle(
    {
      ...versionOf('received', rows),
      by: publisher.person,
      rows: file.digest,
      splits: file.tally.splits,
      permissioned: key !== undefined
    },
    file,
    [],
    key
  );
  const signed = await signStatement(publisher, version);
  const [cid, id] = [statementCid(signed), 'local'];
  const record = { cid, root: version.rows.root, datanet: id, number: 1, signed };
  await store.datanets.commit(id, 'a Datanet', {
    create: { ...datanetOf(version), id, role: 'reader', owner: publisher.person, head: cid },
    versions: [record],
    bundles: [{ cid, datanet: id, blob: await writeBundle(signed, parts) }]
  });
  return record;
}

/** Takes a statement in, under a CID that says what it is. */
export async function keepStatement(store: Store, cid: string, statement: Statement): Promise<void> {
  const datanet = 'datanet' in statement ? statement.datanet : '';
  await store.statements.add({
    ...{ cid, datanet, kind: statement.kind, received: Date.now() },
    signed: signedBy(statement)
  });
}

function versionOf(name: string, rows: readonly DatanetRow[]): Version {
  const contributors = [...new Set(rows.map(({ contributor }) => contributor))];
  return {
    kind: 'version',
    by: owner,
    created: '2026-01-01T00:00:00.000Z',
    datanet: `datanet-${name}`,
    number: 1,
    facts: {
      ...{ name, summary: '', description: '', tags: [], language: 'en', purpose: '', contact: '' },
      licence: { spdx: 'CC0-1.0' }
    },
    policy: openPolicy,
    contributors: contributors.map((each) => ({ id: each, name: each })),
    contributions: [],
    rows: { count: rows.length, root: `root ${name}`, sha256: '', bytes: 0 },
    splits: { train: 0, validation: 0, test: 0 },
    files: [],
    permissioned: false,
    changes: ''
  };
}

function datanetOf({ datanet, facts, policy, contributors, rows }: Version) {
  const times = { created: 0, updated: 0, revision: 0, rowsRevision: 0 };
  return { datanet, facts, policy, contributors, rows: rows.count, ...times };
}

/** The statements that are about rows: what a contributor hands in, and what an owner publishes. */
import { prepareBundle, writeBundle } from '../../datanets/bundle/bundle';
import { prepareContribution, writeContribution } from '../../datanets/bundle/contribution-file';
import { writeRows } from '../../datanets/content/rows-file';
import type { Contributor, ContributionEntry } from '../../datanets/datanet';
import type { PaceOptions } from '../../datanets/pace';
import { isAsStrict, normalPolicy } from '../../datanets/policy/combine';
import type { DatanetRecord } from '../../datanets/store/datanet-schema';
import { StaleRowsError } from '../../datanets/store/datanet-store';
import { RowTable, type RowMeta } from '../../datanets/store/row-table';
import type { Store } from '../../datanets/store/store';
import { isSigned, statementCid } from '../../datanets/trust/sign';
import type { Contribution, Person, Signed } from '../../datanets/trust/statements';
import { createDataKey } from '../../datanets/trust/wrap';
import {
  cidsOf,
  keepSigned,
  requireRole,
  requireStatement,
  rowsWords,
  withdrawalOf,
  named
} from './exchange-lookup';
import type { StatementRequest } from './protocol';
import type { OpenRows } from './service-rows';
import { CannotSignError, type Desk, type Made } from './signing-desk';
import { common, requireFacts } from './signing-statements';

type Request<K extends StatementRequest['kind']> = Extract<StatementRequest, { kind: K }>;
type Paced = (phase: 'hashing' | 'sealing') => PaceOptions;

export async function makeContribution(
  desk: Desk,
  { id, source, licence, policy }: Request<'contribution'>,
  paced: Paced
): Promise<Made> {
  const { store, rows, identity, now } = desk;
  const record = await requireRole(store, id, 'contributor');
  const invitation = await requireStatement(store, record.invitation ?? '', 'invitation');
  const { expires, by: owner, facts, policy: rules } = invitation.signed.statement;
  if (expires !== undefined && !(now.getTime() < Date.parse(expires))) {
    throw new CannotSignError('The invitation is over. Ask the owner for a new one.');
  }
  const draft = await rows.open({ of: 'draft', id });
  const { table, positions, again } = await notHandedIn(desk, record.datanet, draft, paced('hashing').signal);
  if (table.count === 0) {
    throw new CannotSignError(
      draft.table.count === 0
        ? 'There are no rows yet. Write or import some first.'
        : 'All rows here were handed in before. Write or change some first.'
    );
  }
  const person = identity.person.id;
  const { blob, digest } = await writeRows(rows.storedRows(draft, positions, handedBy(person)), {
    ...paced('hashing'),
    count: table.count
  });
  // Sealed before it is signed: what is signed names the sealed bytes and the wrapped key, too.
  const { contribution, parts } = await prepareContribution(
    {
      kind: 'contribution',
      ...common(desk),
      ...{ datanet: record.datanet, invitation: invitation.cid, source, licence, rows: digest },
      ...(policy ? { policy: normalPolicy(policy) } : {})
    },
    blob,
    await createDataKey(owner.agreement),
    paced('sealing')
  );
  const warnings = await findingWarnings(store, record);
  if (again > 0)
    warnings.push(`${rowsWords(again)} of the draft stay out: handed in before, or there twice.`);
  if (licence.spdx !== facts.licence.spdx) {
    warnings.push(`The Datanet is under ${facts.licence.spdx}, your rows would be under ${licence.spdx}.`);
  }
  if (policy && !isAsStrict(policy, rules)) {
    warnings.push('In part your rules are looser than those of the Datanet, which hold all the same.');
  }
  return {
    statement: contribution,
    warnings,
    name: record.facts.name,
    finish: async (signed) => {
      if (!isSigned(signed, 'contribution')) return;
      const cid = statementCid(signed);
      const file = await writeContribution(signed, parts);
      await keepSigned(store, id, signed, {
        tables: [{ ref: { of: 'proposal', name: cid }, table }],
        bundles: [{ cid, datanet: id, blob: file }]
      });
      return file;
    }
  };
}

/** Rows of the draft whose words are in none of this person's contributions that still stand, each once. */
async function notHandedIn(
  { store, identity }: Desk,
  datanet: string,
  draft: OpenRows,
  signal: AbortSignal | undefined
): Promise<{ table: RowTable; positions: number[]; again: number }> {
  const seen = new Set<string>();
  for (const record of await store.statements.of(datanet, 'contribution')) {
    if (record.signed.statement.by.id !== identity.person.id || (await withdrawalOf(store, record))) continue;
    const handed = await store.tables.get({ of: 'proposal', name: record.cid });
    for await (const cid of cidsOf(handed, { signal })) seen.add(cid);
  }
  const table = new RowTable();
  const positions: number[] = [];
  let position = -1;
  for await (const cid of cidsOf(draft.table, { signal })) {
    position += 1;
    if (seen.has(cid)) continue;
    seen.add(cid);
    positions.push(position);
    const entry = draft.table.at(position);
    const { split: _, contribution: __, ...meta } = entry;
    table.append(entry, { ...meta, contributor: identity.person.id });
  }
  return { table, positions, again: draft.table.count - positions.length };
}

/** What is said of rows as they are handed in: all by the one who signs, and nothing that the owner says of them. */
function handedBy(contributor: string): Partial<RowMeta> {
  return { contributor, split: undefined, contribution: undefined };
}

export async function makeVersion(
  desk: Desk,
  { id, permissioned, changes }: Request<'version'>,
  paced: Paced
): Promise<Made> {
  const { store, rows, identity } = desk;
  const record = await requireRole(store, id, 'owner');
  requireFacts(record.facts);
  const draft = await rows.open({ of: 'draft', id });
  if (draft.table.count === 0) throw new CannotSignError('There are no rows to publish yet.');
  const listed = await listContributions(store, draft.table);
  const file = await writeRows(rows.storedRows(draft), { ...paced('hashing'), count: draft.table.count });
  const [head] = await store.versions.of(id);
  const lock = permissioned ? await createDataKey(identity.person.agreement) : undefined;
  const bundle = await prepareBundle(
    {
      kind: 'version',
      ...common(desk),
      ...{ datanet: record.datanet, number: (head?.number ?? 0) + 1, facts: record.facts },
      ...{ policy: normalPolicy(record.policy), permissioned, changes },
      contributors: contributorsOf(record, identity.person, file.tally.contributors.keys()),
      contributions: listed.map(({ entry }) => entry),
      ...{ rows: file.digest, splits: file.tally.splits },
      ...(head ? { previous: head.root } : {})
    },
    file,
    await supporting(
      store,
      record.datanet,
      listed.map(({ signed }) => signed)
    ),
    lock?.key,
    paced('sealing')
  );
  const warnings = await findingWarnings(store, record);
  if (head?.root === bundle.version.rows.root)
    warnings.push('The rows are the same as in the version before.');
  return {
    statement: bundle.version,
    warnings,
    name: record.facts.name,
    finish: async (signed) => {
      if (!isSigned(signed, 'version')) return;
      const { revision } = await store.datanets.get(id);
      if (revision !== record.revision) throw new StaleRowsError(id);
      const cid = statementCid(signed);
      const blob = await writeBundle(signed, bundle.parts);
      await keepSigned(store, id, signed, {
        update: { head: cid },
        versions: [
          {
            ...{
              cid,
              root: signed.statement.rows.root,
              datanet: id,
              number: signed.statement.number,
              signed
            },
            // Of the record as this very change leaves it.
            revision: revision + 1,
            ...(lock ? { key: lock.wrapped } : {})
          }
        ],
        tables: [{ ref: { of: 'version', name: cid }, table: draft.table.clone() }],
        bundles: [{ cid, datanet: id, blob }]
      });
      return blob;
    }
  };
}

/** The contributions that rows of a draft came with. @throws CannotSignError where one was taken back */
async function listContributions(
  store: Store,
  table: RowTable
): Promise<{ entry: ContributionEntry; signed: Signed<Contribution> }[]> {
  const listed = [];
  for (const [cid, count] of table.contributions()) {
    const record = await requireStatement(store, cid, 'contribution');
    const { by, licence, policy } = record.signed.statement;
    if (await withdrawalOf(store, record)) {
      throw new CannotSignError(
        `${named(by.name)} has taken back a contribution that ${rowsWords(count)} of the draft came with. Remove them first.`,
        { details: { contribution: cid } }
      );
    }
    const entry = { id: cid, contributor: by.id, licence, ...(policy ? { policy } : {}), rows: count };
    listed.push({ entry, signed: record.signed });
  }
  return listed;
}

/** What a version rests on: its contributions, what was decided about them, what was taken back, what others found. */
async function supporting(
  store: Store,
  datanet: string,
  contributions: Signed<Contribution>[]
): Promise<Signed[]> {
  const cids = new Set(contributions.map(statementCid));
  const [decisions, withdrawals, validations] = await Promise.all([
    store.statements.of(datanet, 'decision'),
    store.statements.of(datanet, 'withdrawal'),
    store.statements.of(datanet, 'validation')
  ]);
  return [
    ...contributions,
    ...decisions.map(({ signed }) => signed).filter(({ statement }) => cids.has(statement.contribution)),
    ...withdrawals.map(({ signed }) => signed),
    ...validations.map(({ signed }) => signed)
  ];
}

function contributorsOf(record: DatanetRecord, { id, name }: Person, ids: Iterable<string>): Contributor[] {
  const known = new Map(record.contributors.map((contributor) => [contributor.id, contributor]));
  // The owner may have another name by now.
  known.set(id, { ...known.get(id), id, name });
  return Array.from(ids, (each) => known.get(each) ?? { id: each, name: each });
}

async function findingWarnings(store: Store, record: DatanetRecord): Promise<string[]> {
  const report = await store.tables.report({ of: 'draft', name: record.id });
  if (!report) return ['The rows were not checked yet.'];
  const warnings: string[] = [];
  if (report.rowsRevision !== record.rowsRevision) warnings.push('Rows were changed since the last checks.');
  const rows = new Set(report.findings.filter(({ severity }) => severity !== 'note').map(({ row }) => row));
  if (rows.size > 0) warnings.push(`Checks found something in ${rowsWords(rows.size)} that is still open.`);
  return warnings;
}

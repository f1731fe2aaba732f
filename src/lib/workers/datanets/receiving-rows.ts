/** What comes with rows: a contribution for the owner, a version for its readers. */
import type { Bundle } from '../../datanets/bundle/bundle';
import type { ContributionFile } from '../../datanets/bundle/contribution-file';
import { rowCid, rowContent } from '../../datanets/content/cid';
import type { PaceOptions } from '../../datanets/pace';
import { StagedRows } from '../../datanets/store/staging';
import { CannotUnwrapError, unwrapKey } from '../../datanets/trust/wrap';
import {
  findStatement,
  inRole,
  keepSigned,
  rowsWords,
  statementRecord,
  withdrawalOf,
  named
} from './exchange-lookup';
import { NotForHereError, type Effect, type Hall } from './receiving-hall';
import { homeOf, newRecord, receiveAgain, requireOneOwner, requireOther } from './receiving-statements';

/** How many rows are taken in between two looks at whether a block is full. */
const FLUSH_ROWS = 200;

export async function receiveContribution(
  hall: Hall,
  file: ContributionFile,
  blob: Blob,
  pace: PaceOptions
): Promise<Effect> {
  const { store, locks } = hall;
  const { signed, cid } = file;
  const { statement } = signed;
  const { by, datanet, rows } = statement;
  requireOther(hall, signed);
  const owner = await inRole(store, datanet, 'owner');
  if (!owner) throw new NotForHereError('This is a contribution to a Datanet that you do not own.');
  const { name } = owner.facts;
  const known = await store.statements.findSigned(signed);
  if (known) return receiveAgain(hall, signed, known);
  await requireInvitation(hall, file);
  for (const other of await store.statements.of(datanet, 'contribution')) {
    const before = other.signed.statement;
    if (before.by.id !== by.id || before.rows.root !== rows.root) continue;
    if (!(await withdrawalOf(store, other))) {
      throw new NotForHereError(`${named(by.name)} has handed in these very rows before.`, {
        details: { before: other.cid }
      });
    }
  }
  const key = await keyOf(hall, file);
  await requireOwnRows(file, key, pace);
  return {
    effect: `Adds a proposal of ${rowsWords(rows.count)} by ${named(by.name)} to ${named(name)}. You decide row by row.`,
    apply: async () => {
      const staged = await StagedRows.begin(store, owner.id, `the rows by ${named(by.name)}`, locks);
      try {
        let count = 0;
        for await (const row of file.rows(key)) {
          staged.add(row, row);
          count += 1;
          if (count % FLUSH_ROWS === 0) await staged.flush();
        }
        await keepSigned(store, owner.id, signed, {
          tables: [{ ref: { of: 'proposal', name: cid }, table: staged.table }],
          blocks: staged.rest(),
          imported: staged.id,
          bundles: [{ cid, datanet: owner.id, blob }]
        });
        staged.done();
      } catch (error) {
        await staged.drop();
        throw error;
      }
      return owner.id;
    }
  };
}

/** @throws NotForHereError where it does not answer an invitation of this person's that was open then */
async function requireInvitation({ store, identity }: Hall, { signed }: ContributionFile): Promise<void> {
  const { invitation: cid, datanet, created, by } = signed.statement;
  const invitation = await findStatement(store, cid, 'invitation');
  const asked = invitation?.signed.statement;
  if (!asked || asked.by.id !== identity.person.id || asked.datanet !== datanet) {
    throw new NotForHereError(
      `${named(by.name)} answers an invitation that you did not make here. Invite them, and ask them to hand in again.`
    );
  }
  if (asked.expires !== undefined && !(Date.parse(created) < Date.parse(asked.expires))) {
    throw new NotForHereError(`The invitation that ${named(by.name)} answers was over by then.`);
  }
}

async function keyOf(
  { identity }: Hall,
  { wrapped, signed }: ContributionFile
): Promise<CryptoKey | undefined> {
  if (!wrapped) return undefined;
  try {
    return await unwrapKey(wrapped, identity);
  } catch (cause) {
    if (!(cause instanceof CannotUnwrapError)) throw cause;
    throw new NotForHereError(
      `The rows of ${named(signed.statement.by.name)} are sealed for another person than you, or the file was changed.`,
      { cause }
    );
  }
}

/** Reads all rows: they are those that were signed, by the one who signed, each once, and with no claim of the owner's. */
async function requireOwnRows(
  file: ContributionFile,
  key: CryptoKey | undefined,
  pace: PaceOptions
): Promise<void> {
  const { by } = file.signed.statement;
  await file.verifyRows(key, pace);
  const seen = new Set<string>();
  let number = 0;
  for await (const row of file.rows(key, pace)) {
    number += 1;
    const cid = rowCid(rowContent(row));
    const problem =
      row.contributor !== by.id
        ? 'is said to be by somebody else'
        : row.contribution !== undefined || row.split !== undefined
          ? 'says of itself what only the owner can say'
          : seen.has(cid)
            ? 'is there twice'
            : undefined;
    if (problem !== undefined) {
      throw new NotForHereError(`Row ${number} of the contribution by ${named(by.name)} ${problem}.`, {
        details: { row: number, problem }
      });
    }
    seen.add(cid);
  }
}

export async function receiveVersion(
  hall: Hall,
  bundle: Bundle,
  blob: Blob,
  pace: PaceOptions
): Promise<Effect> {
  const { store, now } = hall;
  const { version: signed, cid } = bundle;
  const { datanet, facts, policy, by, number, rows } = signed.statement;
  if (await store.versions.find(cid)) {
    return {
      effect: 'This version is here already: nothing changes.',
      apply: () => homeOf(hall, signed.statement)
    };
  }
  await requireOneOwner(store, datanet, by.id);
  const own = await inRole(store, datanet, 'owner');
  if (own) {
    throw new NotForHereError(
      `You own ${named(facts.name)}, and this version of it was not made in this browser.`
    );
  }
  // What is sealed is verified as it is read, once there is a grant.
  if (!bundle.permissioned) await bundle.verifyRows(undefined, pace);
  const known = await inRole(store, datanet, 'reader');
  const head = known && (await store.versions.of(known.id))[0];
  const newest = !head || head.number <= number;
  const what = `version ${number} of ${named(facts.name)} by ${named(by.name)}: ${rowsWords(rows.count)}`;
  const sealed = bundle.permissioned ? ', sealed until there is a grant for you' : '';
  return {
    effect: `Adds ${what}${sealed}${newest ? '' : `, older than version ${head.number} that is here`}.`,
    apply: async () => {
      const about = { datanet, facts, policy, owner: by };
      const create = known ? undefined : newRecord('reader', about, now);
      const id = known?.id ?? create!.id;
      await keepSigned(store, id, signed, {
        ...(create ? { create: { ...create, contributors: signed.statement.contributors, head: cid } } : {}),
        ...(known && newest
          ? { update: { facts, policy, owner: by, contributors: signed.statement.contributors, head: cid } }
          : {}),
        ...(newest ? { rows: rows.count } : {}),
        versions: [{ cid, root: rows.root, datanet: id, number, signed }],
        bundles: [{ cid, datanet: id, blob }],
        statements: bundle.statements.map((each) => statementRecord(each, now.getTime()))
      });
      return id;
    }
  };
}

/** What the statements that come without rows do here. */
import type { DatanetRecord, StatementRecord } from '../../datanets/store/datanet-schema';
import { datanetOf, isUnasked, saysMore } from '../../datanets/store/statement-store';
import { isSigned } from '../../datanets/trust/sign';
import type {
  AccessGrant,
  AccessRequest,
  Decision,
  Invitation,
  Refusal,
  Revocation,
  Signed,
  Statement,
  Validation,
  Withdrawal
} from '../../datanets/trust/statements';
import { unwrapKey } from '../../datanets/trust/wrap';
import { isAboutModel, receiveClaim } from '../claims/receiving';
import {
  cidsOf,
  decisionOf,
  findStatement,
  inRole,
  keepSigned,
  rowsWords,
  statementRecord,
  withdrawalOf,
  named
} from './exchange-lookup';
import { NotForHereError, type Effect, type Hall } from './receiving-hall';

/** @param cid of the signed statement */
export async function receiveStatement(hall: Hall, signed: Signed, cid: string): Promise<Effect> {
  requireOther(hall, signed);
  const known = await hall.store.statements.findSigned(signed);
  if (known) return receiveAgain(hall, signed, known);
  if (isSigned(signed, 'invitation')) return receiveInvitation(hall, signed, cid);
  if (isSigned(signed, 'decision')) return receiveDecision(hall, signed);
  if (isSigned(signed, 'withdrawal')) return receiveWithdrawal(hall, signed);
  if (isSigned(signed, 'validation')) return receiveValidation(hall, signed);
  if (isSigned(signed, 'access-request')) return receiveRequest(hall, signed);
  if (isSigned(signed, 'access-grant')) return receiveGrant(hall, signed, cid);
  if (isSigned(signed, 'refusal')) return receiveRefusal(hall, signed);
  if (isSigned(signed, 'revocation')) return receiveRevocation(hall, signed);
  if (isAboutModel(signed)) return receiveClaim(hall, signed);
  const record = statementRecord(signed);
  const name = named(signed.statement.by.name);
  return {
    effect: isUnasked(record)
      ? `Keeps that ${name} says the wallet is theirs. It counts for nothing while its chain was not asked.`
      : `Notes that the wallet and ${name} are one.`,
    apply: async () => {
      await hall.store.statements.add(record);
      return '';
    }
  };
}

/** Of a statement that is here, a wallet's signature beside it can still be news. */
export function receiveAgain(hall: Pick<Hall, 'store'>, signed: Signed, known: StatementRecord): Effect {
  const record = { ...statementRecord(signed), cid: known.cid };
  if (!signed.wallet || !saysMore(record, known)) {
    return { effect: 'It is here already: nothing changes.', apply: () => homeOf(hall, signed.statement) };
  }
  return {
    effect: `It is here already: only the signature of the wallet ${signed.wallet.address} is added to it.`,
    apply: async () => {
      await hall.store.statements.add(record);
      return homeOf(hall, signed.statement);
    }
  };
}

/** What somebody signed is for others to open. @throws NotForHereError */
export function requireOther({ identity }: Pick<Hall, 'identity'>, { statement }: Signed): void {
  if (statement.by.id !== identity.person.id) return;
  throw new NotForHereError('You signed this yourself. Give it to the person it is meant for.');
}

/** Where a statement that is here already belongs. */
export async function homeOf({ store }: Pick<Hall, 'store'>, statement: Statement): Promise<string> {
  const records = await store.datanets.ofDatanet(datanetOf(statement));
  const order = ['owner', 'contributor', 'reader'];
  const [first] = records.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  return first?.id ?? '';
}

async function receiveInvitation(
  { store, now }: Hall,
  signed: Signed<Invitation>,
  cid: string
): Promise<Effect> {
  const { datanet, facts, policy, by, expires } = signed.statement;
  if (expires !== undefined && !(now.getTime() < Date.parse(expires))) {
    throw new NotForHereError(`This invitation is over. Ask ${named(by.name)} for a new one.`);
  }
  await requireOneOwner(store, datanet, by.id);
  const known = await inRole(store, datanet, 'contributor');
  if (known) {
    return {
      effect: `Renews the invitation to write rows for ${named(facts.name)}. The rows that you have stay.`,
      apply: async () => {
        const update = { facts, policy, owner: by, invitation: cid };
        await keepSigned(store, known.id, signed, { update });
        return known.id;
      }
    };
  }
  return {
    effect: `Adds ${named(facts.name)} to your Datanets, so that you can write rows for it.`,
    apply: async () => {
      const create = newRecord('contributor', { datanet, facts, policy, owner: by }, now);
      await keepSigned(store, create.id, signed, { create: { ...create, invitation: cid } });
      return create.id;
    }
  };
}

async function receiveDecision({ store, identity }: Hall, signed: Signed<Decision>): Promise<Effect> {
  const { contribution, datanet, by, rejected, approved } = signed.statement;
  const handed = await findStatement(store, contribution, 'contribution');
  const record = await inRole(store, datanet, 'contributor');
  if (!handed || !record || handed.signed.statement.by.id !== identity.person.id) {
    throw new NotForHereError('This answers a contribution that was not made in this browser.');
  }
  requireOwner(record, by.id, 'answer contributions');
  if (handed.datanet !== datanet)
    throw new NotForHereError('This answers a contribution to another Datanet.');
  if (await decisionOf(store, handed, by.id)) {
    throw new NotForHereError(`${named(by.name)} has answered this contribution before, and differently.`);
  }
  const table = await store.tables.get({ of: 'proposal', name: contribution });
  const cids = new Set<string>();
  for await (const row of cidsOf(table)) cids.add(row);
  const refused = new Set(rejected.map(({ row }) => row));
  if (refused.size + approved !== cids.size || [...refused].some((row) => !cids.has(row))) {
    throw new NotForHereError('This answer speaks of other rows than those that you handed in.');
  }
  return {
    effect: `Keeps the answer to your contribution to ${named(record.facts.name)}: ${rowsWords(approved)} taken, ${rowsWords(refused.size)} not.`,
    apply: async () => {
      await keepSigned(store, record.id, signed);
      return record.id;
    }
  };
}

async function receiveWithdrawal({ store, drafts }: Hall, signed: Signed<Withdrawal>): Promise<Effect> {
  const { contribution, datanet, by } = signed.statement;
  const records = await store.datanets.ofDatanet(datanet);
  const owner = records.find(({ role }) => role === 'owner');
  const reader = records.find(({ role }) => role === 'reader');
  const handed = await findStatement(store, contribution, 'contribution');
  const record = owner ?? reader;
  if (!handed || handed.datanet !== datanet || !record) {
    throw new NotForHereError('This takes back a contribution that this browser does not have.');
  }
  if (handed.signed.statement.by.id !== by.id) {
    throw new NotForHereError(
      `${named(by.name)} takes back a contribution that ${named(handed.signed.statement.by.name)} made. Only who made it can.`
    );
  }
  if (await withdrawalOf(store, handed)) {
    throw new NotForHereError('This contribution was taken back before.');
  }
  const { name } = record.facts;
  if (!owner) {
    return {
      effect: `Notes that ${named(by.name)} has taken rows of ${named(name)} back: they are not trained on here any more.`,
      apply: async () => {
        await keepSigned(store, record.id, signed);
        return record.id;
      }
    };
  }
  const draft = await store.tables.get({ of: 'draft', name: owner.id });
  const count = draft.contributions().get(contribution) ?? 0;
  return {
    effect:
      count === 0
        ? `Notes that the contribution to ${named(name)} was taken back. None of its rows are in the draft.`
        : `Takes ${rowsWords(count)} out of the draft of ${named(name)}. Versions that are published keep them, and they are not trained on here any more.`,
    apply: async () => {
      await drafts.edit(
        owner.id,
        'the rows that were taken back',
        ({ table, stale }) => {
          for (let i = 0; i < table.count; i += 1) {
            const { contribution: of, key } = table.at(i);
            if (of === contribution) stale.add(key);
          }
          table.removeContribution(contribution);
        },
        { statements: [statementRecord(signed)] }
      );
      return owner.id;
    }
  };
}

async function receiveValidation({ store }: Hall, signed: Signed<Validation>): Promise<Effect> {
  const { root, datanet, by, verdict } = signed.statement;
  for (const record of await store.datanets.ofDatanet(datanet)) {
    const version = (await store.versions.of(record.id)).find((each) => each.root === root);
    if (!version) continue;
    return {
      effect: `Adds a validation by ${named(by.name)} to version ${version.number} of ${named(record.facts.name)}: ${verdict}.`,
      apply: async () => {
        await keepSigned(store, record.id, signed);
        return record.id;
      }
    };
  }
  throw new NotForHereError(
    'This validates a version that this browser does not have. Open the version first.'
  );
}

async function receiveRequest({ store }: Hall, signed: Signed<AccessRequest>): Promise<Effect> {
  const { version: asked, root, datanet, by } = signed.statement;
  const owner = await inRole(store, datanet, 'owner');
  if (!owner) throw new NotForHereError('This asks for access to a Datanet that you do not own.');
  const version = (await store.versions.of(owner.id)).find(
    (each) => each.cid === asked && each.root === root && each.key
  );
  if (!version) {
    throw new NotForHereError(
      `This asks for access to a version of ${named(owner.facts.name)} that has no key here.`
    );
  }
  return {
    effect: `Adds a request by ${named(by.name)} for version ${version.number} of ${named(owner.facts.name)}, for you to grant or refuse.`,
    apply: async () => {
      await keepSigned(store, owner.id, signed);
      return owner.id;
    }
  };
}

async function receiveGrant(
  { store, identity, now }: Hall,
  signed: Signed<AccessGrant>,
  cid: string
): Promise<Effect> {
  const { to, by, version: granted, root, datanet, key, conditions } = signed.statement;
  if (to.id !== identity.person.id || to.agreement !== identity.person.agreement) {
    throw new NotForHereError(
      `This grant is for ${named(to.name)}, whose keys are in another browser. It opens nothing here.`,
      { details: { to: to.id } }
    );
  }
  const reader = await inRole(store, datanet, 'reader');
  const versions = reader ? await store.versions.of(reader.id) : [];
  const version = versions.find((each) => each.cid === granted && each.root === root);
  if (!reader || !version) {
    throw new NotForHereError(
      'This grants access to a version that is not here. Open its file first, then this.'
    );
  }
  requireOwner(reader, by.id, 'grant access');
  if (conditions.expires !== undefined && !(now.getTime() < Date.parse(conditions.expires))) {
    throw new NotForHereError(`This grant is over. Ask ${named(by.name)} for a new one.`);
  }
  const revocations = await store.statements.of(datanet, 'revocation');
  if (revocations.some(({ signed: { statement } }) => statement.grant === cid && statement.by.id === by.id)) {
    throw new NotForHereError(`${named(by.name)} has revoked this grant.`);
  }
  // Says now, and not when the rows are needed, that the key is not what it should be.
  await unwrapKey(key, identity);
  return {
    effect: `Opens version ${version.number} of ${named(reader.facts.name)} for you.`,
    apply: async () => {
      await keepSigned(store, reader.id, signed);
      return reader.id;
    }
  };
}

async function receiveRefusal({ store, identity }: Hall, signed: Signed<Refusal>): Promise<Effect> {
  const { request, datanet, by } = signed.statement;
  const asked = await findStatement(store, request, 'access-request');
  const reader = await inRole(store, datanet, 'reader');
  if (!asked || !reader || asked.datanet !== datanet || asked.signed.statement.by.id !== identity.person.id) {
    throw new NotForHereError('This refuses a request that was not made in this browser.');
  }
  requireOwner(reader, by.id, 'refuse requests');
  return {
    effect: `Keeps the answer to your request for ${named(reader.facts.name)}: it is refused.`,
    apply: async () => {
      await keepSigned(store, reader.id, signed);
      return reader.id;
    }
  };
}

async function receiveRevocation({ store }: Hall, signed: Signed<Revocation>): Promise<Effect> {
  const { grant, datanet, by } = signed.statement;
  const granted = await findStatement(store, grant, 'access-grant');
  const reader = await inRole(store, datanet, 'reader');
  if (!granted || !reader || granted.datanet !== datanet) {
    throw new NotForHereError('This revokes a grant that this browser does not have.');
  }
  if (granted.signed.statement.by.id !== by.id) {
    throw new NotForHereError(`This revokes a grant of somebody else’s. Only who granted can revoke.`);
  }
  return {
    effect: `Ends your access to ${named(reader.facts.name)} under this grant.`,
    apply: async () => {
      await keepSigned(store, reader.id, signed);
      return reader.id;
    }
  };
}

/** A Datanet has one owner: what somebody else says of it under the same id is not believed. */
export async function requireOneOwner(store: Hall['store'], datanet: string, owner: string): Promise<void> {
  for (const record of await store.datanets.ofDatanet(datanet)) {
    requireOwner(record, owner, 'speak for this Datanet');
  }
}

function requireOwner({ owner, facts }: DatanetRecord, by: string, todo: string): void {
  if (owner.id === by) return;
  throw new NotForHereError(
    `This is not signed by ${named(owner.name)}, who owns ${named(facts.name)} and alone can ${todo}.`,
    { details: { owner: owner.id, by } }
  );
}

export function newRecord(
  role: 'contributor' | 'reader',
  about: Pick<DatanetRecord, 'datanet' | 'facts' | 'policy' | 'owner'>,
  now: Date
): DatanetRecord {
  const time = now.getTime();
  return {
    ...{ id: crypto.randomUUID(), role, ...about, contributors: [] },
    ...{ created: time, updated: time, revision: 0, rowsRevision: 0, rows: 0 }
  };
}

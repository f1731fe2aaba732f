/** The statements that need no reading of rows. */
import type { DatanetFacts } from '../../datanets/datanet';
import { isAsStrict, normalPolicy } from '../../datanets/policy/combine';
import { useWords } from '../../datanets/policy/sentences';
import type { Signed } from '../../datanets/trust/statements';
import { rewrapKey } from '../../datanets/trust/wrap';
import {
  decisionOf,
  inRole,
  keepSigned,
  requireRole,
  requireStatement,
  statementRecord,
  withdrawalOf,
  named
} from './exchange-lookup';
import { findVersion } from '../run-versions';
import type { ClaimRequest } from '../claims/protocol';
import type { StatementRequest } from './protocol';
import { entryCid } from './service-rows';
import { CannotSignError, type Desk, type Made } from './signing-desk';

type Request<K extends StatementRequest['kind']> = Extract<StatementRequest, { kind: K }>;

export function makeStatement(
  desk: Desk,
  request: Exclude<StatementRequest, { kind: 'contribution' | 'version' } | ClaimRequest>
): Promise<Made> {
  switch (request.kind) {
    case 'invitation':
      return makeInvitation(desk, request);
    case 'decision':
      return makeDecision(desk, request);
    case 'withdrawal':
      return makeWithdrawal(desk, request);
    case 'validation':
      return makeValidation(desk, request);
    case 'access-request':
      return makeRequest(desk, request);
    case 'access-grant':
      return makeGrant(desk, request);
    case 'refusal':
      return makeRefusal(desk, request);
    case 'revocation':
      return makeRevocation(desk, request);
    case 'wallet-link':
      return makeWalletLink(desk, request);
  }
}

/** What every statement says. */
export function common({ identity, now }: Desk): Pick<Made['statement'], 'by' | 'created'> {
  return { by: identity.person, created: now.toISOString() };
}

/** @throws CannotSignError */
export function requireFacts({ name, licence }: DatanetFacts): void {
  if (name.trim() === '') throw new CannotSignError('Give the Datanet a name first.');
  if (licence.spdx.trim() === '') {
    throw new CannotSignError(
      'Say first under which licence the Datanet is: whoever gets rows of it has to know.'
    );
  }
}

async function makeInvitation(desk: Desk, { id, expires }: Request<'invitation'>): Promise<Made> {
  const { store, now } = desk;
  const { facts, policy, datanet } = await requireRole(store, id, 'owner');
  requireFacts(facts);
  if (expires !== undefined && !(Date.parse(expires) > now.getTime())) {
    throw new CannotSignError('The invitation would be over before anybody has it. Choose a later end.');
  }
  const warnings: string[] = [];
  if (facts.contact === '')
    warnings.push('No contact is given: who is invited may not know where to send rows.');
  if (!facts.licence.evidence) warnings.push('The Datanet does not say where its licence is stated.');
  return {
    statement: {
      kind: 'invitation',
      ...common(desk),
      ...{ datanet, facts, policy: normalPolicy(policy) },
      ...(expires === undefined ? {} : { expires })
    },
    warnings,
    name: facts.name,
    finish: (signed) => keepSigned(store, id, signed)
  };
}

async function makeDecision(desk: Desk, { contribution, rejected }: Request<'decision'>): Promise<Made> {
  const { store, drafts, identity } = desk;
  const proposal = await requireStatement(store, contribution, 'contribution');
  const { statement: handed } = proposal.signed;
  const { id, facts } = await requireRole(store, handed.datanet, 'owner');
  const requireOpen = async () => {
    if (await withdrawalOf(store, proposal)) {
      throw new CannotSignError(`${named(handed.by.name)} has taken this contribution back.`);
    }
    if (await decisionOf(store, proposal, identity.person.id)) {
      throw new CannotSignError('This contribution was answered already.');
    }
  };
  await requireOpen();
  const table = await store.tables.get({ of: 'proposal', name: contribution });
  const reasons = new Map(rejected.map(({ key, reason }) => [key, reason]));
  const refused: { row: string; reason: string }[] = [];
  const taken: number[] = [];
  for (let i = 0; i < table.count; i += 1) {
    const reason = reasons.get(table.key(i));
    if (reason === undefined) taken.push(i);
    else refused.push({ row: entryCid(table.at(i)), reason });
  }
  if (refused.length !== reasons.size) {
    throw new CannotSignError('A row that is to be rejected is not in this contribution.');
  }
  return {
    statement: {
      kind: 'decision',
      ...common(desk),
      ...{ datanet: handed.datanet, contribution, rejected: refused, approved: taken.length }
    },
    warnings: refused.some(({ reason }) => reason === '') ? ['Some rows are rejected without a reason.'] : [],
    name: facts.name,
    finish: async (signed) => {
      await requireOpen();
      const licence = handed.licence.spdx === facts.licence.spdx ? undefined : handed.licence.spdx;
      await drafts.edit(
        id,
        'the rows that were taken',
        (edit) => {
          for (const i of taken) {
            // What a row is for, its owner says; what it is under, its contributor.
            const { split: _, ...entry } = table.at(i);
            edit.table.append(entry, {
              ...entry,
              contributor: handed.by.id,
              contribution,
              source: entry.source ?? (handed.source || undefined),
              licence: entry.licence ?? licence
            });
          }
        },
        { contributors: taken.length > 0 ? [handed.by] : [], statements: [statementRecord(signed)] }
      );
    }
  };
}

async function makeWithdrawal(desk: Desk, { contribution, reason }: Request<'withdrawal'>): Promise<Made> {
  const { store, identity } = desk;
  const handed = await requireStatement(store, contribution, 'contribution');
  const { by, datanet } = handed.signed.statement;
  if (by.id !== identity.person.id) {
    throw new CannotSignError(`Only ${named(by.name)}, who made this contribution, can take it back.`);
  }
  if (await withdrawalOf(store, handed))
    throw new CannotSignError('This contribution was taken back already.');
  const record = await inRole(store, datanet, 'contributor');
  if (!record) throw new CannotSignError('The Datanet of this contribution is not in the browser any more.');
  return {
    statement: { kind: 'withdrawal', ...common(desk), datanet, contribution, reason },
    warnings: ['What others have copied or trained already cannot be taken back by anybody.'],
    name: record.facts.name,
    finish: (signed) => keepSigned(store, record.id, signed)
  };
}

async function makeValidation(
  desk: Desk,
  { id, root, verdict, words }: Request<'validation'>
): Promise<Made> {
  const { store } = desk;
  const { facts, datanet } = await store.datanets.get(id);
  const version = await store.versions.byRoot(root);
  if (version.signed.statement.datanet !== datanet) {
    throw new CannotSignError('This version belongs to another Datanet.');
  }
  const report = await store.tables.report({ of: 'version', name: version.cid });
  const findings: Record<string, number> = {};
  for (const { check } of report?.findings ?? []) findings[check] = (findings[check] ?? 0) + 1;
  return {
    statement: { kind: 'validation', ...common(desk), ...{ datanet, root, verdict, findings, words } },
    warnings: report
      ? []
      : ['No checks were run on this version here: the validation will name no findings.'],
    name: facts.name,
    finish: (signed) => keepSigned(store, id, signed)
  };
}

async function makeRequest(
  desk: Desk,
  { id, root, uses, purpose, words }: Request<'access-request'>
): Promise<Made> {
  const { store } = desk;
  const { facts, datanet } = await requireRole(store, id, 'reader');
  const { cid: version, signed } = await findVersion(store, { datanet, root });
  if (!signed.statement.permissioned) {
    throw new CannotSignError(
      'This version is open: its rules hold for everybody, and there is no key to ask for.'
    );
  }
  const { policy } = signed.statement;
  return {
    statement: {
      kind: 'access-request',
      ...common(desk),
      ...{ datanet, version, root, uses, purpose, words }
    },
    warnings: uses
      .filter((use) => policy[use].rule === 'forbidden')
      .map((use) => `By the rules of the Datanet, ${useWords(use)} is forbidden to everybody.`),
    name: facts.name,
    finish: (signed) => keepSigned(store, id, signed)
  };
}

async function makeGrant(desk: Desk, { request, uses, conditions }: Request<'access-grant'>): Promise<Made> {
  const { store, identity, now } = desk;
  const asked = (await requireStatement(store, request, 'access-request')).signed.statement;
  const { id, facts, datanet } = await requireRole(store, asked.datanet, 'owner');
  const { key, signed } = await store.versions.get(asked.version);
  const { policy } = signed.statement;
  if (signed.statement.datanet !== datanet || signed.statement.rows.root !== asked.root || !key) {
    throw new CannotSignError('There is no key to this version here: it is open, or of another Datanet.');
  }
  const forbidden = uses.find((use) => policy[use].rule === 'forbidden');
  if (forbidden) {
    throw new CannotSignError(
      `The rules of this version forbid ${useWords(forbidden)}, and a grant cannot go beyond them.`,
      { details: { use: forbidden } }
    );
  }
  if (conditions.expires !== undefined && !(Date.parse(conditions.expires) > now.getTime())) {
    throw new CannotSignError('The grant would be over before anybody has it. Choose a later end.');
  }
  const warnings: string[] = [];
  if (conditions.expires === undefined) warnings.push('The grant has no end: it holds until you revoke it.');
  const more = uses.filter((use) => !asked.uses.includes(use));
  if (more.length > 0) warnings.push(`It was not asked for ${more.map(useWords).join(', ')}.`);
  const looser = uses.filter((use) => {
    const rules = { ...policy, [use]: { rule: 'conditions' as const, ...conditions } };
    return !isAsStrict(rules, policy);
  });
  if (looser.length > 0) {
    warnings.push(
      `The rules of the version are stricter for ${looser.map(useWords).join(', ')}, and hold, too.`
    );
  }
  return {
    statement: {
      kind: 'access-grant',
      ...common(desk),
      ...{ datanet, version: asked.version, root: asked.root, to: asked.by },
      ...{ request, uses, conditions },
      key: await rewrapKey(key, identity, asked.by.agreement)
    },
    warnings,
    name: facts.name,
    finish: (signed) => keepSigned(store, id, signed)
  };
}

async function makeRefusal(desk: Desk, { request, reason }: Request<'refusal'>): Promise<Made> {
  const { store } = desk;
  const asked = (await requireStatement(store, request, 'access-request')).signed.statement;
  const { id, facts, datanet } = await requireRole(store, asked.datanet, 'owner');
  return {
    statement: { kind: 'refusal', ...common(desk), datanet, request, reason },
    warnings: reason === '' ? ['No reason is given.'] : [],
    name: facts.name,
    finish: (signed) => keepSigned(store, id, signed)
  };
}

async function makeRevocation(desk: Desk, { grant, reason }: Request<'revocation'>): Promise<Made> {
  const { store, identity } = desk;
  const granted = (await requireStatement(store, grant, 'access-grant')).signed.statement;
  const { id, facts, datanet } = await requireRole(store, granted.datanet, 'owner');
  if (granted.by.id !== identity.person.id) throw new CannotSignError('Only who granted can revoke.');
  const revocations = await store.statements.of(datanet, 'revocation');
  if (revocations.some(({ signed }) => signed.statement.grant === grant)) {
    throw new CannotSignError('This grant was revoked already.');
  }
  return {
    statement: { kind: 'revocation', ...common(desk), datanet, grant, reason },
    warnings: [
      `It holds once ${named(granted.to.name)} has opened it; until then their browser cannot know.`
    ],
    name: facts.name,
    finish: (signed) => keepSigned(store, id, signed)
  };
}

async function makeWalletLink(desk: Desk, { address }: Request<'wallet-link'>): Promise<Made> {
  return {
    statement: { kind: 'wallet-link', ...common(desk), address },
    warnings: [],
    name: '',
    finish: (signed: Signed) => desk.store.statements.add(statementRecord(signed))
  };
}

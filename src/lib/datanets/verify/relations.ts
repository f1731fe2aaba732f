import { isAsStrict } from '../policy/combine';
import { momentWords, quoted } from '../policy/sentences';
import { USES } from '../policy/policy';
import { isSigned } from '../trust/sign';
import type {
  AccessGrant,
  Contribution,
  Decision,
  Invitation,
  Revocation,
  Signed,
  Version
} from '../trust/statements';
import { short } from '../trust/short';
import { answered, sameSigner } from './answered';
import type { Related } from './related';
import type { CheckList } from './report';

/**
 * Checks of a statement that need others: what it answers, who may say it, what ended it, what contradicts it. Those
 * others were believed before they came here.
 * @param alone it came without the rows that it speaks of
 */
export function checkRelations(
  list: CheckList,
  signed: Signed,
  cid: string,
  related: Related,
  alone: boolean
): void {
  checkDatanet(list, signed, related);
  if (isSigned(signed, 'invitation')) checkInvitation(list, signed.statement, related);
  else if (isSigned(signed, 'contribution')) checkContribution(list, signed.statement, cid, related, alone);
  else if (isSigned(signed, 'decision')) checkDecision(list, signed.statement, cid, related);
  else if (isSigned(signed, 'version')) checkVersion(list, signed.statement, cid, related, alone);
  else if (isSigned(signed, 'withdrawal')) {
    const { contribution, by } = signed.statement;
    const named = answered(list, 'contribution', 'contribution', contribution, related);
    if (named) sameSigner(list, named.statement, by.id, 'take a contribution back');
  } else if (isSigned(signed, 'validation') || isSigned(signed, 'access-request')) {
    versionOf(list, signed.statement.root, related);
  } else if (isSigned(signed, 'access-grant')) checkGrant(list, signed.statement, cid, related);
  else if (isSigned(signed, 'refusal')) {
    const { request, by } = signed.statement;
    const named = answered(list, 'request', 'access-request', request, related);
    if (named) ownerOf(list, named.statement.root, by.id, related);
  } else if (isSigned(signed, 'revocation')) checkRevocation(list, signed.statement, related);
}

/** What a statement answers must be about the same Datanet, so that it cannot be used for another one. */
function checkDatanet(list: CheckList, { statement }: Signed, related: Related): void {
  const cids = Object.entries(statement).flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
  for (const cid of cids) {
    const other = related.find(cid)?.statement;
    if (!other || !('datanet' in other) || !('datanet' in statement)) continue;
    list.expect(
      'datanet',
      other.datanet === statement.datanet,
      `It and the ${other.kind} that it names are about the same Datanet.`,
      `It names a ${other.kind} of another Datanet: ${quoted(other.datanet)} and not ${quoted(statement.datanet)}.`
    );
  }
}

function versionOf(list: CheckList, root: string, related: Related): Version[] {
  const found = related
    .of('version')
    .map(([, { statement }]) => statement)
    .filter((version) => version.rows.root === root);
  if (found.length === 0)
    list.unknown(
      'version',
      `It speaks of the version with the root ${short(root)}, which was not given with it.`
    );
  else list.holds('version', `The version that it speaks of was given with it: number ${found[0].number}.`);
  return found;
}

/** Whether it is signed by who published the version: nobody else can grant or refuse. */
function ownerOf(list: CheckList, root: string, by: string, related: Related): Version | undefined {
  const versions = versionOf(list, root, related);
  const own = versions.find((version) => version.by.id === by);
  if (versions.length > 0) {
    list.expect(
      'right',
      own !== undefined,
      'It is signed by the person who published the version.',
      `Only ${quoted(versions[0].by.name)}, who published the version, can answer for it. Somebody else signed this.`
    );
  }
  return own;
}

function checkInvitation(list: CheckList, { datanet, by, created }: Invitation, related: Related): void {
  const newer = related
    .of('invitation')
    .some(
      ([, { statement }]) =>
        statement.datanet === datanet && statement.by.id === by.id && statement.created > created
    );
  if (related.files > 0) {
    list.holds(
      'replay',
      newer
        ? 'A newer invitation of the same person to the same Datanet was given with it: that one counts.'
        : 'No newer invitation to the same Datanet was given with it.'
    );
  }
}

function checkContribution(
  list: CheckList,
  statement: Contribution,
  cid: string,
  related: Related,
  alone: boolean
): void {
  if (alone)
    list.unknown('rows', 'This is what was signed, without the rows. The “.contribution” file has them.');
  const invitation = answered(list, 'invitation', 'invitation', statement.invitation, related)?.statement;
  if (invitation) {
    const { expires, policy } = invitation;
    list.expect(
      'in time',
      expires === undefined || Date.parse(statement.created) < Date.parse(expires),
      'The invitation was open when it was signed.',
      `The invitation was over since ${momentWords(expires ?? '')} when it was signed.`
    );
    list.expect(
      'rules',
      statement.policy === undefined || isAsStrict(statement.policy, policy),
      'Its rules are no looser than those of the Datanet.',
      'Its rules are looser than those of the Datanet that it answers, which count.'
    );
  }
  const taken = withdrawalOf(statement, cid, related);
  if (taken) list.fails('withdrawal', `It was taken back on ${momentWords(taken.created)}.`);
  else if (related.files > 0) {
    list.holds(
      'withdrawal',
      'Nothing that was given with it takes it back. Whether something else does, cannot be seen here.'
    );
  } else {
    list.unknown(
      'withdrawal',
      'Whether it was taken back cannot be seen from this file. Give withdrawals with it.'
    );
  }
}

function withdrawalOf(by: { by: { id: string } }, cid: string, related: Related) {
  return related
    .of('withdrawal')
    .map(([, { statement }]) => statement)
    .find((withdrawal) => withdrawal.contribution === cid && withdrawal.by.id === by.by.id);
}

function checkDecision(list: CheckList, statement: Decision, cid: string, related: Related): void {
  const { contribution, rejected, approved, by } = statement;
  const named = answered(list, 'contribution', 'contribution', contribution, related)?.statement;
  if (named) {
    const decided = rejected.length + approved;
    list.expect(
      'counts',
      decided <= named.rows.count,
      `It decides about ${decided} of the ${named.rows.count} rows that were handed in; of equal rows, one counts.`,
      `It decides about ${decided} rows, and ${named.rows.count} were handed in.`
    );
    const invitation = related.find(named.invitation);
    if (!invitation) {
      list.unknown(
        'right',
        `Whether its signer owns the Datanet can be seen from the invitation ${short(named.invitation)}, which was not given with it.`
      );
    } else sameSigner(list, invitation.statement, by.id, 'decide about what it brings');
  }
  const other = related
    .of('decision')
    .some(
      ([id, { statement: each }]) => id !== cid && each.contribution === contribution && each.by.id === by.id
    );
  if (other)
    list.fails(
      'replay',
      'Another decision of the same person about the same contribution was given with it.'
    );
}

function checkVersion(
  list: CheckList,
  statement: Version,
  cid: string,
  related: Related,
  alone: boolean
): void {
  if (alone) list.unknown('rows', 'This is what was signed, without the rows. The “.datanet” file has them.');
  const { contributions, datanet, number, previous, rows, by } = statement;
  const back = contributions.flatMap(({ id, contributor, rows: count }) => {
    const taken = withdrawalOf({ by: { id: contributor } }, id, related);
    return taken ? [`${quoted(taken.by.name)} has taken back ${count} of its rows (${short(id)})`] : [];
  });
  list.expect(
    'withdrawals',
    back.length === 0,
    contributions.length === 0
      ? 'It lists no contribution that could be taken back.'
      : 'No statement in it, or given with it, takes one of its contributions back. Later ones cannot be seen here.',
    `${back.join('; ')}: they are not to be used any more.`
  );
  const siblings = related
    .of('version')
    .filter(([id, { statement: each }]) => id !== cid && each.datanet === datanet);
  for (const [, { statement: each }] of siblings) {
    if (each.by.id !== by.id) {
      list.fails(
        'owner',
        `Version ${each.number} of the same Datanet, given with it, is signed by somebody else: ${quoted(each.by.name)}.`
      );
    } else if (each.number === number) {
      list.fails(
        'number',
        `Its owner signed another version ${number}, too, with the root ${short(each.rows.root)}.`
      );
    }
  }
  for (const [, { statement: each }] of related.of('invitation')) {
    if (each.datanet === datanet && each.by.id !== by.id) {
      list.fails(
        'owner',
        `Somebody else, ${quoted(each.by.name)}, signed an invitation to the same Datanet: one of the two does not own it.`
      );
    }
  }
  const before = siblings.find(([, { statement: each }]) => each.number === number - 1);
  if (before) {
    list.expect(
      'previous',
      previous === before[1].statement.rows.root,
      `It follows version ${number - 1}, as it says.`,
      `The version before, which was given with it, has another root than the one that it says to follow: ${short(before[1].statement.rows.root)}.`
    );
  } else if (previous === rows.root) list.fails('previous', 'It says to follow itself.');
  const newest = siblings.reduce((most, [, { statement: each }]) => Math.max(most, each.number), number);
  if (related.files > 0) {
    list.holds(
      'replay',
      newest > number
        ? `It is what it says, and not the newest: version ${newest} was given with it.`
        : 'No newer version of it was given with it.'
    );
  }
}

function checkGrant(list: CheckList, statement: AccessGrant, cid: string, related: Related): void {
  const { version: granted, root, to, by, uses, request } = statement;
  const version = ownerOf(list, root, by.id, related);
  if (version) {
    const beyond = USES.filter((use) => uses.includes(use) && version.policy[use].rule === 'forbidden');
    list.expect(
      'rules',
      beyond.length === 0,
      'It allows nothing that the version forbids.',
      `It allows what the version forbids to everybody: ${beyond.join(', ')}.`
    );
  }
  if (request !== undefined) {
    const asked = answered(list, 'request', 'access-request', request, related)?.statement;
    if (asked) {
      list.expect(
        'answer',
        asked.by.id === to.id && asked.version === granted && asked.root === root,
        'It is for the person and the version of that request.',
        'It is for another person or another version than the request that it names.'
      );
    }
  }
  const revoked = related
    .of('revocation')
    .map(([, { statement: each }]) => each)
    .find((each) => each.grant === cid && each.by.id === by.id);
  if (revoked) list.fails('revocation', `It was revoked on ${momentWords(revoked.created)}.`);
  else if (related.files > 0) {
    list.holds(
      'revocation',
      'Nothing that was given with it revokes it. Whether something else does, cannot be seen here.'
    );
  } else {
    list.unknown(
      'revocation',
      'Whether it was revoked cannot be seen from this file. Give revocations with it.'
    );
  }
  list.unknown(
    'key',
    `Whether the key in it opens the rows, only the browser of ${quoted(to.name)} can tell, for whom alone it is wrapped.`
  );
}

function checkRevocation(list: CheckList, { grant, by }: Revocation, related: Related): void {
  const named = answered(list, 'grant', 'access-grant', grant, related);
  if (named) sameSigner(list, named.statement, by.id, 'revoke it');
}

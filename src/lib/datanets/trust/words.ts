import type { Contributor, ContributionEntry, DatanetFacts, Licence } from '../datanet';
import { conditionWords, momentWords, policySentences, quoted, useList } from '../policy/sentences';
import { manifestWords, receiptWords } from './claim-words';
import { listed, rowCount, short } from './short';
import type { FileDigest, Person, RowsDigest, Statement } from './statements';

/** Items of a list that a sentence names. */
const LISTED = 100;

/**
 * What a statement says, as sentences that are shown before anybody signs it and after somebody opened it. Every
 * field that is signed is named; long digests are cut to what a person can compare.
 */
export function wordsOf(statement: Statement): string[] {
  const { by, created } = statement;
  return [...sentencesOf(statement), `Said by ${personWords(by)} on ${momentWords(created)}.`];
}

function sentencesOf(statement: Statement): string[] {
  switch (statement.kind) {
    case 'invitation':
      return [
        `${quoted(statement.by.name)} asks for rows for the Datanet ${quoted(statement.facts.name)} (${short(statement.datanet)}).`,
        ...factsWords(statement.facts),
        'What may be done with its rows:',
        ...policySentences(statement.policy),
        'A contribution can make these rules stricter and not looser.',
        statement.expires
          ? `Rows are taken until ${momentWords(statement.expires)}.`
          : 'The invitation has no end date.'
      ];
    case 'contribution':
      return [
        `${quoted(statement.by.name)} hands ${rowsWords(statement.rows)} to the Datanet ${short(statement.datanet)}, answering the invitation ${short(statement.invitation)}.`,
        statement.source
          ? `Where they come from: ${quoted(statement.source)}.`
          : 'It is not said where they come from.',
        licenceWords(statement.licence),
        ...(statement.policy
          ? [
              'What may be done with these rows, on top of the rules of the Datanet:',
              ...policySentences(statement.policy)
            ]
          : ['They are under the rules of the Datanet, without rules of their own.']),
        ...(statement.files ?? []).map(fileWords)
      ];
    case 'decision':
      return [
        `The contribution ${short(statement.contribution)} to the Datanet ${short(statement.datanet)} is answered: ${rowCount(statement.approved)} taken, ${rowCount(statement.rejected.length)} not.`,
        ...rejectionWords(statement.rejected)
      ];
    case 'withdrawal':
      return [
        `The contribution ${short(statement.contribution)} to the Datanet ${short(statement.datanet)} is taken back.`,
        'Its rows leave the next version, and from now on they are not trained on where this is known.',
        reasonWords(statement.reason)
      ];
    case 'validation':
      return [
        `The version ${short(statement.root)} of the Datanet ${short(statement.datanet)} was looked at and found ${statement.verdict}.`,
        findingsWords(statement.findings),
        ...(statement.words ? [`In their words: ${quoted(statement.words)}.`] : [])
      ];
    case 'version':
      return [
        `Version ${statement.number} of the Datanet ${quoted(statement.facts.name)} (${short(statement.datanet)}): ${rowsWords(statement.rows)}.`,
        statement.permissioned
          ? 'Its rows leave this browser encrypted only; who is granted access can read them.'
          : 'Its rows are open: whoever has the file can read them.',
        ...factsWords(statement.facts),
        'What may be done with its rows:',
        ...policySentences(statement.policy),
        contributorsWords(statement.contributors),
        ...contributionsWords(statement.contributions),
        `To train on: ${rowCount(statement.splits.train)}; for validation: ${rowCount(statement.splits.validation)}; for tests: ${rowCount(statement.splits.test)}.`,
        statement.previous
          ? `It follows the version ${short(statement.previous)}.`
          : 'It is the first version.',
        ...(statement.changes ? [`What changed: ${quoted(statement.changes)}.`] : []),
        ...statement.files.map(fileWords)
      ];
    case 'access-request':
      return [
        `${quoted(statement.by.name)} asks to use the version ${short(statement.version)} (Merkle root ${short(statement.root)}) of the Datanet ${short(statement.datanet)} for ${useList(statement.uses)}.`,
        statement.purpose ? `The purpose: ${quoted(statement.purpose)}.` : 'No purpose is given.',
        ...(statement.words ? [`In their words: ${quoted(statement.words)}.`] : [])
      ];
    case 'access-grant':
      return [
        `${personWords(statement.to)} may use the version ${short(statement.version)} (Merkle root ${short(statement.root)}) of the Datanet ${short(statement.datanet)} for ${useList(statement.uses)}.`,
        ...conditionWords(statement.conditions),
        statement.request
          ? `This answers the request ${short(statement.request)}.`
          : 'This answers no request.',
        `The key to the rows is wrapped for them alone (${statement.key.algorithm}, ${short(statement.key.ephemeral)}, ${short(statement.key.value)}).`
      ];
    case 'refusal':
      return [
        `The request ${short(statement.request)} for the Datanet ${short(statement.datanet)} is refused.`,
        reasonWords(statement.reason)
      ];
    case 'revocation':
      return [
        `The grant ${short(statement.grant)} for the Datanet ${short(statement.datanet)} ends now.`,
        reasonWords(statement.reason)
      ];
    case 'wallet-link':
      return [`${quoted(statement.by.name)} says that the wallet ${statement.address} is theirs, too.`];
    case 'run-manifest':
      return manifestWords(statement);
    case 'attribution-receipt':
      return receiptWords(statement);
    case 'retraction':
      return [
        `${quoted(statement.by.name)} takes back the claim ${short(statement.claim)}: it is not to be relied on from now on.`,
        reasonWords(statement.reason)
      ];
  }
}

function factsWords(facts: DatanetFacts): string[] {
  const said: [string, string][] = [
    ['Summary', facts.summary],
    ['Description', facts.description],
    ['Tags', facts.tags.join(', ')],
    ['Language', facts.language],
    ['Meant for', facts.purpose],
    ['Contact', facts.contact]
  ];
  return [
    ...said.filter(([, text]) => text).map(([name, text]) => `${name}: ${quoted(text)}.`),
    licenceWords(facts.licence)
  ];
}

function licenceWords({ spdx, evidence }: Licence): string {
  return `Licence: ${quoted(spdx)}${evidence ? `, as ${quoted(evidence)} shows` : ', without evidence'}.`;
}

function rowsWords({ count, root, sha256, bytes }: RowsDigest): string {
  return `${rowCount(count)} (${bytes.toLocaleString('en')} bytes, Merkle root ${short(root)}, SHA-256 ${short(sha256)})`;
}

function findingsWords(findings: Record<string, number>): string {
  const found = Object.entries(findings).filter(([, count]) => count > 0);
  if (found.length === 0) return 'No check found anything.';
  return `Open findings: ${found.map(([check, count]) => `${check} ${count.toLocaleString('en')}`).join(', ')}.`;
}

function contributorsWords(contributors: Contributor[]): string {
  if (contributors.length === 0) return 'No contributor is named.';
  const people = contributors.map(
    ({ id, name, role }) => `${quoted(name)} (${shortId(id)}${role ? `, ${quoted(role)}` : ''})`
  );
  return `Contributors: ${listed(people, LISTED)}.`;
}

function fileWords({ name, bytes, sha256 }: FileDigest): string {
  return `With the file ${name} of ${bytes.toLocaleString('en')} bytes, SHA-256 ${short(sha256)}.`;
}

function contributionsWords(contributions: ContributionEntry[]): string[] {
  const more = contributions.length - LISTED;
  return [
    ...contributions
      .slice(0, LISTED)
      .flatMap(({ id, contributor, licence, policy, rows }) => [
        `${rowCount(rows)} of the contribution ${short(id)} by ${shortId(contributor)}. ${licenceWords(licence)}`,
        ...(policy ? ['These rows have rules of their own, too:', ...policySentences(policy)] : [])
      ]),
    ...(more > 0 ? [`And ${more.toLocaleString('en')} more contributions.`] : [])
  ];
}

/** One sentence a reason, as owners give the same one to many rows. */
function rejectionWords(rejected: { row: string; reason: string }[]): string[] {
  const byReason = new Map<string, { row: string }[]>();
  for (const each of rejected) {
    const same = byReason.get(each.reason);
    if (same) same.push(each);
    else byReason.set(each.reason, [each]);
  }
  return Array.from(byReason, ([reason, rows]) => {
    const why = reason ? `because of ${quoted(reason)}` : 'without a reason';
    return `Not taken ${why}: ${listed(
      rows.map(({ row }) => short(row)),
      LISTED
    )}.`;
  });
}

function reasonWords(reason: string): string {
  return reason ? `The reason: ${quoted(reason)}.` : 'No reason is given.';
}

function personWords({ name, id, agreement }: Person): string {
  return `${quoted(name)} (${shortId(id)}, keys wrapped for ${shortId(agreement)})`;
}

function shortId(id: string): string {
  return id.startsWith('did:key:') ? short(id.slice('did:key:'.length)) : quoted(id);
}

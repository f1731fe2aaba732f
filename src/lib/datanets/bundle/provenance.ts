import { canonicalJson } from '../canonical';
import type { RowsTally } from '../content/rows-file';
import type { ContributionEntry } from '../datanet';
import { readLines } from '../lines';
import { Pace, type PaceOptions } from '../pace';
import { isAsStrict, stricterPolicy } from '../policy/combine';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';
import { isSigned, readSigned, statementCid } from '../trust/sign';
import type { Contribution, Signed, StatementKind, Version } from '../trust/statements';
import { brokenBundle } from './signed-container';

/** What a version can rest on. */
const KINDS: readonly StatementKind[] = [
  'invitation',
  'contribution',
  'decision',
  'withdrawal',
  'validation'
];

/** They are held all at once. */
const MAX_BYTES = 64 * 1024 * 1024;

/** `statements.jsonl`: each signed statement's canonical JSON on a line. */
export function writeStatements(statements: readonly Signed[]): Blob {
  return new Blob(statements.map((signed) => `${canonicalJson(signed)}\n`));
}

/**
 * Reads `statements.jsonl` and checks each signature.
 * @throws BrokenBundleError, InvalidStatementError, ForgedStatementError, UnreadableFileError, the abort reason.
 */
export async function readStatements(
  data: Blob,
  label: string,
  options: PaceOptions = {}
): Promise<Signed[]> {
  const pace = new Pace(options);
  let done = 0;
  if (data.size > MAX_BYTES)
    throw brokenBundle(label, `it rests on more than ${MAX_BYTES} bytes of statements`);
  const statements: Signed[] = [];
  const seen = new Set<string>();
  for await (const line of readLines(data, MAX_STATEMENT_CHARACTERS)) {
    if (line.problem !== undefined)
      throw brokenBundle(label, `statement ${line.number} in it is ${line.problem}`);
    if (!line.plain)
      throw brokenBundle(label, `statement ${line.number} in it does not end with a line feed alone`);
    const signed = await readSigned(line.text);
    const cid = statementCid(signed);
    if (seen.has(cid)) throw brokenBundle(label, `it brings statement ${line.number} twice`);
    seen.add(cid);
    statements.push(signed);
    done += line.bytes;
    if (pace.due) await pace.breathe(done, data.size);
  }
  return statements;
}

/**
 * Compares a version with the statements that came with it: they are about its Datanet, each contribution that it lists
 * is among them, and the version neither takes more rows from it than were handed in, nor gives them another licence or
 * looser rules than their contributor did.
 * @throws BrokenBundleError
 */
export function checkProvenance(version: Version, statements: readonly Signed[], label: string): void {
  const contributions = new Map<string, Signed<Contribution>>();
  for (const signed of statements) {
    const { statement } = signed;
    if (!KINDS.includes(statement.kind)) {
      throw brokenBundle(label, `it brings a statement of the kind "${statement.kind}"`);
    }
    if ('datanet' in statement && statement.datanet !== version.datanet) {
      throw brokenBundle(
        label,
        `the ${statement.kind} by "${statement.by.name}" in it is for another Datanet`
      );
    }
    if (isSigned(signed, 'contribution')) contributions.set(statementCid(signed), signed);
  }
  const listed = new Set<string>();
  for (const entry of version.contributions) {
    if (listed.has(entry.id)) throw brokenBundle(label, `it lists the contribution ${entry.id} twice`);
    listed.add(entry.id);
    const signed = contributions.get(entry.id);
    if (!signed) throw brokenBundle(label, `the contribution ${entry.id}, which it lists, is not in it`);
    const objection = compare(entry, signed.statement, version);
    if (objection !== undefined) throw brokenBundle(label, objection);
  }
}

/**
 * Compares a version with its rows: who wrote them, which contributions they came with, and how they are split.
 * @throws BrokenBundleError
 */
export function checkTally(version: Version, tally: RowsTally, label: string): void {
  const named = new Set(version.contributors.map(({ id }) => id));
  for (const contributor of tally.contributors.keys()) {
    if (!named.has(contributor)) {
      throw brokenBundle(
        label,
        `"${contributor.slice(0, 80)}" wrote rows of it and is not among its contributors`
      );
    }
  }
  const rows = new Map(version.contributions.map((entry) => [entry.id, entry.rows]));
  for (const id of new Set([...rows.keys(), ...tally.contributions.keys()])) {
    const [signed, found] = [rows.get(id) ?? 0, tally.contributions.get(id) ?? 0];
    if (signed !== found) {
      throw brokenBundle(label, `it has ${found} rows of the contribution ${id} and says ${signed}`);
    }
  }
  for (const split of ['validation', 'test'] as const) {
    const [signed, found] = [version.splits[split], tally.splits[split]];
    if (signed !== found) throw brokenBundle(label, `it has ${found} rows for ${split} and says ${signed}`);
  }
}

function compare(entry: ContributionEntry, statement: Contribution, version: Version): string | undefined {
  const by = `by "${statement.by.name}"`;
  if (entry.contributor !== statement.by.id) return `the contribution ${by} is listed as somebody else's`;
  if (entry.rows > statement.rows.count) {
    return `it says to have ${entry.rows} rows of a contribution ${by} of ${statement.rows.count}`;
  }
  if (canonicalJson(entry.licence) !== canonicalJson(statement.licence)) {
    return `the contribution ${by} is listed under another licence than "${statement.licence.spdx}"`;
  }
  const rules = entry.policy ? stricterPolicy(version.policy, entry.policy) : version.policy;
  if (statement.policy && !isAsStrict(rules, statement.policy)) {
    return `the contribution ${by} is listed under looser rules than it was given with`;
  }
  return undefined;
}

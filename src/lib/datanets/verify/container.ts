import { readDescription, requireParts } from '../bundle/bundle';
import { digestEntry, openContainer, within, type ContainerEntry } from '../bundle/container';
import { requireContributionParts } from '../bundle/contribution-file';
import { croissantOf } from '../bundle/croissant';
import { checkProvenance, checkTally, readStatements } from '../bundle/provenance';
import { RowsPart } from '../bundle/rows-part';
import { readSealedForm } from '../bundle/seal';
import { entryText, STATEMENT_NAME, type CheckedEntry } from '../bundle/signed-container';
import { canonicalJson } from '../canonical';
import type { RowsTally } from '../content/rows-file';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';
import { isSigned } from '../trust/sign';
import type { RowsDigest, Signed, Statement, Version } from '../trust/statements';
import { partOf, type CheckList, type VerifyOptions } from './report';
import { checkSigned, type SignedLook } from './signed';
import { parseJson } from '../../json';

export interface ContainerLook extends SignedLook {
  /** What the version rests on, each signature checked. */
  statements: Signed[];
}

/** A container is read twice: for its checksums, and for its rows. */
const PASSES = 2;

/** What can be asked of the parts of a container, once it is known what it should hold. */
const PART_CHECKS = ['contents', 'rows'];

/**
 * Checks of an archive: `container`, `parts`, those of its statement, `contents` (each part is the one that was
 * signed), `statements`, `provenance`, `description`, `rows`, `people` and `sealing`.
 * @returns undefined where nobody can say what it is
 */
export async function checkContainer(
  list: CheckList,
  blob: Blob,
  label: string,
  options: VerifyOptions
): Promise<ContainerLook | undefined> {
  const entries = await list.attempt(
    'container',
    () => openContainer(blob, label),
    'Every byte of the archive that is not content is the one that Tabtune writes.'
  );
  if (!entries) return undefined;
  const [first] = entries;
  if (first.name !== STATEMENT_NAME) {
    list.fails('contents', `The archive begins with "${first.name}" and not with a signed statement.`);
    return undefined;
  }
  const parts = await checkSums(list, entries, blob.size, partOf(options, 0, PASSES));
  const text = await list.attempt('form', () => entryText(first, MAX_STATEMENT_CHARACTERS, label));
  const json = text === undefined ? undefined : jsonOf(text);
  const look = text === undefined ? undefined : await checkSigned(list, text, json, options);
  if (!look) return undefined;
  const whole: ContainerLook = { ...look, statements: [] };
  const { signed } = look;
  if (!isSigned(signed, 'version') && !isSigned(signed, 'contribution')) {
    list.fails('contents', `A statement of the kind "${signed.statement.kind}" does not come in an archive.`);
    return whole;
  }
  if (!parts) {
    const reason = 'Not looked at, as a part of the file is damaged: see “parts”.';
    for (const name of PART_CHECKS) list.unknown(name, reason);
    return whole;
  }
  if (isSigned(signed, 'version')) {
    whole.statements = await checkBundle(list, signed.statement, parts, label, options);
  } else {
    await checkContribution(list, signed.statement, parts, label, options);
  }
  return whole;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(STATEMENT_NAME, text);
  } catch {
    // The form of a statement is what no text has that is not JSON.
    return undefined;
  }
}

/** All parts but the first, where no part is damaged. */
async function checkSums(
  list: CheckList,
  entries: readonly ContainerEntry[],
  total: number,
  options: VerifyOptions
): Promise<CheckedEntry[] | undefined> {
  const checked: CheckedEntry[] = [];
  let before = 0;
  for (const entry of entries) {
    const from = before;
    const digest = await list.attempt('parts', () => digestEntry(entry, within(options, from, total)));
    if (digest) checked.push({ ...entry, ...digest });
    before += entry.data.size;
  }
  if (checked.length < entries.length) return undefined;
  const names = entries.map(({ name }) => name).join(', ');
  list.holds('parts', `The checksum of each part fits: ${names}.`);
  return checked.slice(1);
}

async function checkBundle(
  list: CheckList,
  version: Version,
  parts: readonly CheckedEntry[],
  label: string,
  options: VerifyOptions
): Promise<Signed[]> {
  const found = await list.attempt(
    'contents',
    () => requireParts(parts, version, label),
    `Each part is the one that was signed (SHA-256): ${version.files.map(({ name }) => name).join(', ')}.`
  );
  if (!found) {
    list.unknown('rows', 'Not looked at, as the parts are not those that were signed: see “contents”.');
    return [];
  }
  const [statementsPart, description, rows] = found;
  const statements = await list.attempt(
    'statements',
    () => readStatements(statementsPart.data, label, { signal: options.signal }),
    ({ length }) =>
      length === 0
        ? 'It brings no statements of others.'
        : `The signature of each of the ${length} statements that it rests on holds.`
  );
  if (statements) {
    await list.attempt(
      'provenance',
      () => checkProvenance(version, statements, label),
      version.contributions.length === 0
        ? 'No row is said to come with a signed contribution: who wrote the rows, the owner says alone.'
        : 'Each contribution that it lists is in it, signed by its contributor, with no more rows, no other licence and no looser rules.'
    );
  } else list.unknown('provenance', 'Needs the statements that it rests on: see “statements”.');
  const tally = await checkRows(list, rows.data, version.rows, version.permissioned, options);
  if (tally) {
    await list.attempt(
      'people',
      () => checkTally(version, tally, label),
      'Whose the rows are, which contributions they came with and how they are split is as the version says.'
    );
  }
  const sums = version.splits.train + version.splits.validation + version.splits.test;
  if (sums !== version.rows.count) {
    list.fails('people', `Its splits have ${sums} rows together, and it has ${version.rows.count}.`);
  }
  await checkDescription(list, version, description, tally, label);
  return statements ?? [];
}

async function checkContribution(
  list: CheckList,
  statement: Extract<Statement, { kind: 'contribution' }>,
  parts: readonly CheckedEntry[],
  label: string,
  options: VerifyOptions
): Promise<void> {
  const found = await list.attempt(
    'contents',
    () => requireContributionParts(parts, statement, label),
    ({ wrapped }) =>
      !wrapped
        ? 'Its rows are those that were signed (SHA-256).'
        : statement.files
          ? `Each part is the one that was signed (SHA-256): ${statement.files.map(({ name }) => name).join(', ')}.`
          : undefined
  );
  if (!found) {
    list.unknown('rows', 'Not looked at, as the parts are not those that were signed: see “contents”.');
    return;
  }
  if (found.wrapped && !statement.files) {
    const reason =
      'It is made of the parts of a sealed contribution. Which sealed rows and which key those are, was not signed: contributions of earlier versions of Tabtune are so.';
    list.unknown('contents', reason);
  }
  await checkRows(list, found.data, statement.rows, found.rows.sealed, options);
  if (found.wrapped) {
    const reason =
      'The key in it is wrapped for one person (ECDH-ES+A256KW). Whether it opens the rows, only that person’s browser can tell.';
    list.unknown('key', reason);
  }
}

/** `rows`, or of sealed ones `sealing` and why not `rows`. */
async function checkRows(
  list: CheckList,
  data: Blob,
  digest: RowsDigest,
  sealed: boolean,
  options: VerifyOptions
): Promise<RowsTally | undefined> {
  const { count, bytes, root } = digest;
  if (!sealed) {
    const verified = await list.attempt(
      'rows',
      () => new RowsPart(data, digest, false).verify(undefined, partOf(options, 1, PASSES)),
      `All ${count.toLocaleString('en')} rows were read again: their number, their ${bytes.toLocaleString('en')} bytes, their SHA-256 and their Merkle root ${root} are the signed ones.`
    );
    return verified?.tally;
  }
  const form = await list.attempt('sealing', () => readSealedForm(data));
  if (form) {
    list.expect(
      'sealing',
      form.size === bytes,
      `What is sealed has the form of sealed rows, in ${form.segments} segments, and the length that was signed.`,
      `What is sealed is ${form.size} bytes long, and the signed rows are ${bytes}.`
    );
  }
  list.unknown(
    'rows',
    'The rows are sealed (AES-256-GCM). Without the key, neither they nor their digest, their Merkle root and whose they are can be looked at.'
  );
  return undefined;
}

/** What readers act on; the rest of a description is how it is written. */
const SAID = new Set(
  'name license dct:rights identifier version datePublished creator publisher usageInfo distribution prov:wasRevisionOf isAccessibleForFree'.split(
    ' '
  )
);

/** Whether `croissant.json`, which others read instead of the statement, says the same. */
async function checkDescription(
  list: CheckList,
  version: Version,
  part: CheckedEntry,
  tally: RowsTally | undefined,
  label: string
): Promise<void> {
  const name = 'description';
  const said = await list.attempt(name, () => readDescription(part, label));
  if (!said) return;
  if (!version.permissioned && !tally) {
    list.unknown(name, 'Needs the rows: see “rows”.');
    return;
  }
  await list.attempt(name, () => {
    const expected = croissantOf(
      version,
      version.files[version.files.length - 1],
      tally?.fields ?? new Set()
    );
    const differ = [...new Set([...Object.keys(said), ...Object.keys(expected)])].filter(
      (key) => textOf(said[key]) !== textOf(expected[key])
    );
    const wrong = differ.filter((key) => SAID.has(key));
    if (wrong.length > 0)
      list.fails(name, `croissant.json says something else than the version: ${wrong.join(', ')}.`);
    else if (differ.length > 0) {
      const reason = `croissant.json names people, licence, rules and files as the version does, and is otherwise not as this Tabtune writes it: ${differ.join(', ')}.`;
      list.unknown(name, reason);
    } else list.holds(name, 'croissant.json says the same as the version.');
  });
}

function textOf(value: unknown): string {
  return value === undefined ? '' : canonicalJson(value);
}

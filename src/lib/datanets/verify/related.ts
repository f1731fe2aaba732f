import { requireParts } from '../bundle/bundle';
import { digestEntry, looksLikeContainer, openContainer } from '../bundle/container';
import { readStatements } from '../bundle/provenance';
import { brokenBundle, entryText, STATEMENT_NAME } from '../bundle/signed-container';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';
import { isSigned, readSigned, statementCid } from '../trust/sign';
import type { Signed, Statement, StatementKind, Version } from '../trust/statements';
import type { PaceOptions } from '../pace';
import { readSource } from './source';

/** Open rows that lie in a bundle, with the version that they are said to be. */
export interface RowsAtHand {
  version: Version;
  data: Blob;
}

/** What can be believed of one file that another is compared with. */
export interface Gathered {
  /** By CID. Each signature was checked. */
  statements: Map<string, Signed>;
  rows: RowsAtHand[];
  /** Why nothing of it is used. */
  problem?: string;
}

/** What there is besides the file that is looked at. */
export class Related {
  /** How many files. */
  readonly files: number;
  readonly rows: readonly RowsAtHand[];
  readonly problems: readonly string[];
  readonly #statements: Map<string, Signed>;

  /** @param given how many files that is, and which were of no use, where `gathered` is not one each */
  constructor(gathered: readonly Gathered[], given?: Pick<Related, 'files' | 'problems'>) {
    this.files = given?.files ?? gathered.length;
    this.problems = given?.problems ?? gathered.flatMap(({ problem }) => problem ?? []);
    this.rows = gathered.flatMap(({ rows }) => rows);
    this.#statements = new Map(gathered.flatMap(({ statements }) => [...statements]));
  }

  /** What a CID stands for. As it is a digest, it is what was meant, or not there. */
  find(cid: string): Signed | undefined {
    return this.#statements.get(cid);
  }

  /** With their CIDs. */
  of<K extends StatementKind>(kind: K): [string, Signed<Extract<Statement, { kind: K }>>][] {
    const found: [string, Signed<Extract<Statement, { kind: K }>>][] = [];
    for (const [cid, signed] of this.#statements) {
      if (isSigned(signed, kind)) found.push([cid, signed]);
    }
    return found;
  }

  /** The same, and what came in the file itself. */
  with(statements: readonly Signed[]): Related {
    const own: Gathered = {
      statements: new Map(statements.map((signed) => [statementCid(signed), signed])),
      rows: []
    };
    return new Related([own, { statements: this.#statements, rows: [...this.rows] }], this);
  }
}

/**
 * Takes of a file what others can be compared with. Its own checks are not made here: what cannot be believed is left
 * out, with the reason.
 * @throws the abort reason
 */
export async function gather(blob: Blob, options: PaceOptions): Promise<Gathered> {
  const gathered: Gathered = { statements: new Map(), rows: [] };
  const add = (signed: Signed) => gathered.statements.set(statementCid(signed), signed);
  try {
    if (await looksLikeContainer(blob)) await gatherContainer(blob, gathered, add, options);
    else {
      const source = await readSource(blob);
      if (source.is === 'statement') add(await readSigned(source.text));
      else if (source.is === 'unreadable') gathered.problem = source.reason;
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    gathered.problem = error instanceof Error ? error.message : String(error);
  }
  return gathered;
}

async function gatherContainer(
  blob: Blob,
  gathered: Gathered,
  add: (signed: Signed) => void,
  options: PaceOptions
): Promise<void> {
  const label = 'A file given with it';
  const [first, ...entries] = await openContainer(blob, label);
  if (first.name !== STATEMENT_NAME) throw brokenBundle(label, 'it does not begin with a signed statement');
  const signed = await readSigned(await entryText(first, MAX_STATEMENT_CHARACTERS, label));
  add(signed);
  if (!isSigned(signed, 'version')) return;
  const version = signed.statement;
  // The rows are not read here, however large: who looks for one reckons its CID anew.
  const parts = [];
  for (const [index, entry] of entries.entries()) {
    const last = index === entries.length - 1;
    const digest = last
      ? { bytes: entry.data.size, sha256: version.files.at(-1)?.sha256 ?? '', crc32: entry.crc32 }
      : await digestEntry(entry, { signal: options.signal });
    parts.push({ ...entry, ...digest });
  }
  const [statements, , rows] = requireParts(parts, version, label);
  for (const each of await readStatements(statements.data, label, { signal: options.signal })) add(each);
  if (!version.permissioned) gathered.rows.push({ version, data: rows.data });
}

import { requireParts } from '../bundle/bundle';
import { digestEntry, looksLikeContainer, openContainer } from '../bundle/container';
import { readStatements } from '../bundle/provenance';
import { brokenBundle, entryText, STATEMENT_NAME } from '../bundle/signed-container';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';
import { isSigned, readSigned, statementCid } from '../trust/sign';
import type { Signed, Statement, StatementKind, Version } from '../trust/statements';
import type { PaceOptions } from '../pace';
import { canonicalJson } from '../canonical';
import { cidOfText } from '../content/cid';
import { configText, endsAsArchive, looksLikeAdapter, openAdapterZip } from './adapter-zip';
import { readSource } from './source';
import { NamedFile, weightsKind } from './weights';
import { unpackText } from './zip';

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
  /** Files that claims name by their SHA-256. */
  files: NamedFile[];
  /** Why it, or a part of it, is not used. */
  problem?: string;
}

/** What there is besides the file that is looked at. */
export class Related {
  /** How many files. */
  readonly files: number;
  readonly rows: readonly RowsAtHand[];
  /** Weights, and what may be a part of a base model. */
  readonly named: readonly NamedFile[];
  readonly #problems: readonly { of: readonly NamedFile[]; problem: string }[];
  readonly #statements: Map<string, Signed>;
  /** Those that turned out to be what a claim names. */
  readonly #used: Set<NamedFile>;

  /** @param given what was given, where `gathered` is not one each */
  constructor(gathered: readonly Gathered[], given?: Related) {
    this.files = given?.files ?? gathered.length;
    this.#problems = given
      ? given.#problems
      : gathered.flatMap(({ files, problem }) => (problem === undefined ? [] : [{ of: files, problem }]));
    this.#used = given ? given.#used : new Set();
    this.rows = gathered.flatMap(({ rows }) => rows);
    this.named = gathered.flatMap(({ files }) => files);
    this.#statements = new Map(gathered.flatMap(({ statements }) => [...statements]));
  }

  /** Why files that were given are of no use. */
  get problems(): string[] {
    return this.#problems
      .filter(({ of }) => of.length === 0 || !of.every((file) => this.#used.has(file)))
      .map(({ problem }) => problem);
  }

  /** Notes that files which are nothing of Tabtune's are what a claim names all the same. */
  use(files: readonly NamedFile[]): void {
    for (const file of files) this.#used.add(file);
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

  /** By the CID of what was said alone, without the signatures: wallets and chains know a statement by it. */
  said(cid: string): Signed | undefined {
    for (const signed of this.#statements.values()) {
      if (cidOfText(canonicalJson(signed.statement)) === cid) return signed;
    }
    return undefined;
  }

  /** The same, and what came in the file itself. */
  with(statements: readonly Signed[], files: readonly NamedFile[] = []): Related {
    const own: Gathered = {
      statements: new Map(statements.map((signed) => [statementCid(signed), signed])),
      rows: [],
      files: [...files]
    };
    const others = { statements: this.#statements, rows: [...this.rows], files: [...this.named] };
    return new Related([own, others], this);
  }
}

/**
 * Takes of a file what others can be compared with. Its own checks are not made here: what cannot be believed is left
 * out, with the reason.
 * @throws the abort reason
 */
export async function gather(blob: Blob, options: PaceOptions): Promise<Gathered> {
  const gathered: Gathered = { statements: new Map(), rows: [], files: [] };
  const add = (signed: Signed) => gathered.statements.set(statementCid(signed), signed);
  try {
    if (await looksLikeContainer(blob)) {
      if (await looksLikeAdapter(blob)) await gatherAdapter(blob, gathered, add, options);
      else await gatherContainer(blob, gathered, add, options);
    } else {
      const kind = await weightsKind(blob, options.signal);
      if (kind) gathered.files.push(NamedFile.ofBlob(kind, blob));
      else if ((await endsAsArchive(blob)) && (await looksLikeAdapter(blob)))
        await gatherAdapter(blob, gathered, add, options);
      else await gatherText(blob, gathered, add);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    gathered.problem = error instanceof Error ? error.message : String(error);
  }
  return gathered;
}

async function gatherText(blob: Blob, gathered: Gathered, add: (signed: Signed) => void): Promise<void> {
  const source = await readSource(blob);
  if (source.is === 'statement') add(await readSigned(source.text));
  else if ((source.is === 'attestation' || source.is === 'anchored') && source.claim !== undefined) {
    add(await readSigned(canonicalJson(source.claim)));
  } else if (source.is === 'unreadable') {
    gathered.problem = source.reason;
    gathered.files.push(NamedFile.ofBlob('other', blob));
  }
}

async function gatherAdapter(
  blob: Blob,
  gathered: Gathered,
  add: (signed: Signed) => void,
  { signal }: PaceOptions
): Promise<void> {
  const { config, weights, claims } = await openAdapterZip(blob);
  const beside = config && (await configText(config, signal));
  if (weights) gathered.files.push(NamedFile.ofEntry('adapter', weights, beside));
  for (const entry of claims) {
    const text = await unpackText(entry, MAX_STATEMENT_CHARACTERS, { signal });
    await gatherText(new Blob([text]), gathered, add);
  }
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

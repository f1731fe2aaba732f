/** What can be asked of versions: what changed between two, a proof for a row, and files in the field's formats. */
import { openContainer, writeContainer, type ContainerPart } from '../../datanets/bundle/container';
import { writeParquet } from '../../datanets/bundle/parquet';
import { diffRows } from '../../datanets/content/diff';
import { MerkleTree, type MerkleLeaf } from '../../datanets/content/merkle';
import { writeRows } from '../../datanets/content/rows-file';
import type { DatanetFacts } from '../../datanets/datanet';
import { Pace, type PaceOptions } from '../../datanets/pace';
import { USES } from '../../datanets/policy/policy';
import { found } from '../../datanets/store/database';
import type { VersionRecord } from '../../datanets/store/datanet-schema';
import type { Store } from '../../datanets/store/store';
import type { Version } from '../../datanets/trust/statements';
import type { RowProof } from '../../datanets/verify/proof';
import { canonicalJson } from '../../datanets/canonical';
import { TabtuneError } from '../../errors';
import { slug } from './exchange-files';
import type { DatanetEvent, DiffRow, ExportFormat, VersionDiff } from './protocol';
import { openFor } from './service-access';
import { entryCid, isOwn, type OpenRows, type RowsAccess } from './service-rows';

/** A proof was asked for a row that the version does not have. */
export class NotInVersionError extends TabtuneError {}

/** The rows of a version in this browser are not those that were signed. */
export class DamagedVersionError extends TabtuneError {}

/** Rows of each list of a difference that are shown. */
const shownRows = 500;

type OnEvent = (event: DatanetEvent) => void;

export class Versions {
  readonly #store: Store;
  readonly #rows: RowsAccess;

  constructor(store: Store, rows: RowsAccess) {
    this.#store = store;
    this.#rows = rows;
  }

  /** What became of rows, facts and rules from one version (by CID, or root) to another. */
  async diff(from: string, to: string, options: PaceOptions = {}): Promise<VersionDiff> {
    const [before, after] = [await this.#store.versions.named(from), await this.#store.versions.named(to)];
    const older = await openFor('display', this.#store, this.#rows, before, options);
    const newer = await openFor('display', this.#store, this.#rows, after, options);
    const rows = await diffRows(await leavesOf(older, options), await leavesOf(newer, options), options);
    return {
      added: await this.#diffRows(newer, rows.added),
      removed: await this.#diffRows(older, rows.removed),
      counts: { added: rows.added.length, removed: rows.removed.length, kept: rows.kept },
      contributors: rows.contributors,
      ...changedWords(before.signed.statement, after.signed.statement)
    };
  }

  /**
   * The Merkle proof of a row, as OpenZeppelin's `StandardMerkleTree.verify` takes it.
   * @param key of the row in the version
   * @throws NotInVersionError, DamagedVersionError
   */
  async proof(root: string, key: number, options: PaceOptions = {}): Promise<File> {
    const version = await this.#store.versions.byRoot(root);
    // What is hidden is in the tree as well, so that the root is the version's.
    const shown = await openFor('display', this.#store, this.#rows, version, options);
    const all = await this.#rows.openVersion(version, options);
    const index = all.table.indexOf(key);
    if (index < 0 || shown.table.indexOf(key) < 0) {
      throw new NotInVersionError('This row is not in the version.', { details: { root, key } });
    }
    const leaves = await leavesOf(all, options);
    const tree = await MerkleTree.build(leaves, { ...options, count: leaves.length });
    if (tree.root !== version.root) {
      throw new DamagedVersionError(
        'The rows of this version in this browser are not those that were signed: its storage is damaged. Open the version’s file again.',
        { details: { root: version.root, found: tree.root } }
      );
    }
    const { cid, contributor } = leaves[index];
    const { statement } = version.signed;
    const proof: RowProof = {
      format: 'standard-v1',
      leafEncoding: ['string', 'string'],
      root: tree.root,
      value: [cid, contributor],
      proof: tree.proof(index),
      // The words of an open version are out already; of another, a proof must not carry them on.
      ...(statement.permissioned ? {} : { content: await all.content(all.table.at(index)) })
    };
    const name = fileName(statement, `${cid.slice(-8)}.proof.json`);
    return new File([`${JSON.stringify(proof, null, 2)}\n`], name, { type: 'application/json' });
  }

  /**
   * A version (by CID, or root) as a file. `datanet` is the signed bundle; `croissant` is a ZIP with the description and the rows that it
   * describes, sealed where the version is; `jsonl` and `parquet` are the plain rows, of which somebody else's may leave
   * only where passing them on is allowed.
   * @throws RowsNotShownError, NotStoredError, the abort reason
   */
  async export(which: string, format: ExportFormat, onEvent: OnEvent, signal: AbortSignal): Promise<File> {
    const version = await this.#store.versions.named(which);
    const { statement } = version.signed;
    const named = (blob: Blob, ending: string, type: string) =>
      new File([blob], fileName(statement, ending), { type });
    switch (format) {
      case 'datanet':
        return named(await this.#bundle(version), 'datanet', 'application/zip');
      case 'croissant':
        return named(await this.#croissant(version, signal), 'croissant.zip', 'application/zip');
      case 'jsonl':
        return named(await this.#jsonl(version, paced(signal, onEvent)), 'jsonl', 'application/jsonl');
      case 'parquet': {
        const rows = await this.#plainRows(version, paced(signal, onEvent));
        const parquet = await writeParquet(
          this.#rows.datanetRows(rows),
          rows.table.count,
          { root: version.root, cid: version.cid },
          paced(signal, onEvent)
        );
        return named(parquet, 'parquet', 'application/vnd.apache.parquet');
      }
    }
  }

  async #bundle({ cid, root }: VersionRecord): Promise<Blob> {
    return found(await this.#store.versions.bundle(cid), 'file of a version', root).blob;
  }

  async #croissant(version: VersionRecord, signal: AbortSignal): Promise<Blob> {
    const entries = await openContainer(await this.#bundle(version));
    const described = ['croissant.json', 'rows.jsonl', 'rows.sealed'];
    const parts: ContainerPart[] = entries.filter(({ name }) => described.includes(name));
    return writeContainer(parts, { signal });
  }

  async #jsonl(version: VersionRecord, options: PaceOptions): Promise<Blob> {
    const rows = await this.#plainRows(version, options);
    const { blob } = await writeRows(this.#rows.storedRows(rows), { ...options, count: rows.table.count });
    return blob;
  }

  /** Once rows are out in the open, no rule reaches them: for whoever is not the owner, that is passing them on. */
  async #plainRows(version: VersionRecord, options: PaceOptions): Promise<OpenRows> {
    // An open version was passed on in the open; whoever has its bundle has the rows.
    const isOpen = isOwn(version) || !version.signed.statement.permissioned;
    return isOpen
      ? this.#rows.openVersion(version, options)
      : openFor('redistribution', this.#store, this.#rows, version, options);
  }

  async #diffRows(rows: OpenRows, positions: number[]): Promise<DiffRow[]> {
    const shown: DiffRow[] = [];
    for await (const { entry, content } of this.#rows.stream(rows, positions.slice(0, shownRows))) {
      shown.push({ cid: entryCid(entry), contributor: entry.contributor, content });
    }
    return shown;
  }
}

async function leavesOf({ table }: OpenRows, options: PaceOptions): Promise<MerkleLeaf[]> {
  const pace = new Pace({ signal: options.signal });
  const leaves: MerkleLeaf[] = [];
  for (let i = 0; i < table.count; i += 1) {
    const entry = table.at(i);
    leaves.push({ cid: entryCid(entry), contributor: entry.contributor });
    if (pace.due) await pace.breathe(i, table.count);
  }
  return leaves;
}

/** Which facts and which rules differ. */
function changedWords(before: Version, after: Version): Pick<VersionDiff, 'facts' | 'policy'> {
  const differ = (a: unknown, b: unknown) => canonicalJson(a) !== canonicalJson(b);
  const names = Object.keys(after.facts) as (keyof DatanetFacts)[];
  return {
    facts: names.filter((name) => differ(before.facts[name], after.facts[name])),
    policy: USES.filter((use) => differ(before.policy[use], after.policy[use]))
  };
}

function fileName({ facts, number }: Version, ending: string): string {
  return `${slug(facts.name)}-${number}.${ending}`;
}

function paced(signal: AbortSignal, onEvent: OnEvent): PaceOptions {
  return { signal, onProgress: (done, total) => onEvent({ phase: 'writing', done, total }) };
}

import type { Split } from '../datanet';
import { SPLITS } from '../datanet';
import { Dictionary } from './dictionary';

/** Where a row's bytes lie, and what is known of them without reading them. */
export interface RowPlace {
  /** Id of the block. */
  block: string;
  /** Which row of the block. */
  slot: number;
  /** SHA-256 of the bytes: the digest in the row's CID. 32 bytes. */
  digest: Uint8Array;
  /** UTF-16 units of the row's text: all turns together. */
  length: number;
}

/** What is said of a row besides its words. */
export interface RowMeta {
  contributor: string;
  source?: string;
  licence?: string;
  contribution?: string;
  tags?: readonly string[];
  split?: Split;
  drafted?: boolean;
}

/** One line of a table. */
export interface RowEntry extends RowPlace, RowMeta {
  /** Names the row within its table; stays when others go. */
  key: number;
  tags: readonly string[];
  drafted: boolean;
}

/** What can be asked of a table without reading a row. All that are given must hold. */
export interface TableQuery {
  contributor?: string;
  tag?: string;
  split?: Split;
  drafted?: boolean;
  minLength?: number;
  maxLength?: number;
  order?: 'position' | 'length' | 'contributor';
}

const NAMED = ['block', 'contributor', 'source', 'licence', 'contribution', 'tags'] as const;
const NUMBERS = ['key', 'slot', 'length', ...NAMED] as const;

type Named = (typeof NAMED)[number];
type NumberColumn = (typeof NUMBERS)[number];

/** A table as it is stored: columns of `count` values each. */
export interface TableColumns {
  count: number;
  nextKey: number;
  /** 32 bytes a row. */
  digests: Uint8Array;
  /** Columns of strings hold where the string stands in `strings`, from 1; 0 is none. */
  numbers: Record<NumberColumn, Uint32Array>;
  /** 0 for none, then in the order of `SPLITS`. */
  split: Uint8Array;
  /** Bit 0: drafted by a model. */
  flags: Uint8Array;
  strings: Record<Named, string[]>;
}

const DIGEST_BYTES = 32;
const DRAFTED = 1;

/**
 * Which rows there are, in order, and all that is said of them besides their words: 70 bytes a row, and each name,
 * source or set of tags once. The words lie in blocks. Keys grow along the table and are never given twice.
 */
export class RowTable {
  #count: number;
  #nextKey: number;
  #digests: Uint8Array;
  #numbers: Record<NumberColumn, Uint32Array>;
  #split: Uint8Array;
  #flags: Uint8Array;
  readonly #strings: Record<Named, Dictionary>;

  /** A table with the rows of `columns`, which stay as they are whatever happens to the table. */
  constructor(columns?: TableColumns) {
    this.#count = columns?.count ?? 0;
    this.#nextKey = columns?.nextKey ?? 0;
    this.#digests = columns?.digests.slice() ?? new Uint8Array(0);
    this.#numbers = byName(NUMBERS, (name) => columns?.numbers[name].slice() ?? new Uint32Array(0));
    this.#split = columns?.split.slice() ?? new Uint8Array(0);
    this.#flags = columns?.flags.slice() ?? new Uint8Array(0);
    this.#strings = byName(NAMED, (name) => new Dictionary(columns?.strings[name]));
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes that the columns take, without the strings. */
  get bytes(): number {
    return this.#count * (DIGEST_BYTES + NUMBERS.length * 4 + 2);
  }

  /** Adds a row at the end. @returns its key */
  append(place: RowPlace, meta: RowMeta): number {
    this.#makeRoom(this.#count + 1);
    const index = this.#count;
    const key = this.#nextKey;
    this.#count += 1;
    this.#nextKey += 1;
    this.#numbers.key[index] = key;
    this.#setPlace(index, place);
    this.#setMeta(index, meta);
    return key;
  }

  /** Adds all rows of another table at the end, under new keys. */
  appendTable(other: RowTable): void {
    const start = this.#count;
    const added = other.#count;
    this.#makeRoom(start + added);
    this.#digests.set(other.#digests.subarray(0, added * DIGEST_BYTES), start * DIGEST_BYTES);
    this.#split.set(other.#split.subarray(0, added), start);
    this.#flags.set(other.#flags.subarray(0, added), start);
    for (const name of ['slot', 'length'] as const) {
      this.#numbers[name].set(other.#numbers[name].subarray(0, added), start);
    }
    for (const name of NAMED) {
      const [from, to] = [other.#numbers[name], this.#numbers[name]];
      const ids = [0, ...other.#strings[name].values.map((value) => this.#strings[name].idOf(value))];
      for (let i = 0; i < added; i += 1) to[start + i] = ids[from[i]];
    }
    for (let i = 0; i < added; i += 1) this.#numbers.key[start + i] = this.#nextKey + i;
    this.#count += added;
    this.#nextKey += added;
  }

  /** The row at a position, from 0. */
  at(index: number): RowEntry {
    if (!(index >= 0 && index < this.#count)) throw new RangeError(`There is no row ${index}.`);
    const numbers = this.#numbers;
    const string = (name: Named) => this.#strings[name].valueOf(numbers[name][index]);
    const tags = string('tags');
    return {
      key: numbers.key[index],
      digest: this.digest(index),
      block: string('block')!,
      slot: numbers.slot[index],
      length: numbers.length[index],
      contributor: string('contributor')!,
      source: string('source'),
      licence: string('licence'),
      contribution: string('contribution'),
      tags: tags === undefined ? [] : (JSON.parse(tags) as string[]),
      split: SPLITS[this.#split[index] - 1],
      drafted: (this.#flags[index] & DRAFTED) !== 0
    };
  }

  /** The 32 bytes of a row's digest: a view, for reading. */
  digest(index: number): Uint8Array {
    return this.#digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }

  key(index: number): number {
    return this.#numbers.key[index];
  }

  /** Where the row of a key stands, or -1. */
  indexOf(key: number): number {
    const keys = this.#numbers.key;
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && keys[low] === key ? low : -1;
  }

  /** Writes a row anew where it stands. Its key stays. */
  update(index: number, place: RowPlace, meta: RowMeta): void {
    this.#setPlace(index, place);
    this.#setMeta(index, meta);
  }

  /** Takes rows out. @returns how many there were */
  remove(keys: ReadonlySet<number>): number {
    return this.#keep((index) => !keys.has(this.#numbers.key[index]));
  }

  /** Takes out all rows of a contribution. @returns how many there were */
  removeContribution(contribution: string): number {
    const id = this.#strings.contribution.find(contribution);
    return id === 0 ? 0 : this.#keep((index) => this.#numbers.contribution[index] !== id);
  }

  /** Positions of the rows that a query asks for, in its order. */
  select(query: TableQuery = {}): Uint32Array {
    const { contributor, tag, split, drafted, minLength = 0, maxLength = Infinity } = query;
    const wanted = contributor === undefined ? 0 : this.#strings.contributor.find(contributor);
    if (contributor !== undefined && wanted === 0) return new Uint32Array(0);
    const tagged =
      tag === undefined
        ? undefined
        : new Set(
            this.#strings.tags.values.flatMap((tags, i) =>
              (JSON.parse(tags) as string[]).includes(tag) ? [i + 1] : []
            )
          );
    const splitCode = split === undefined ? -1 : codeOf(split);
    const { length, contributor: by, tags } = this.#numbers;
    const positions = new Uint32Array(this.#count);
    let found = 0;
    for (let i = 0; i < this.#count; i += 1) {
      if (wanted !== 0 && by[i] !== wanted) continue;
      if (tagged && !tagged.has(tags[i])) continue;
      if (splitCode >= 0 && this.#split[i] !== splitCode) continue;
      if (drafted !== undefined && ((this.#flags[i] & DRAFTED) !== 0) !== drafted) continue;
      if (length[i] < minLength || length[i] > maxLength) continue;
      positions[found] = i;
      found += 1;
    }
    return this.#ordered(positions.slice(0, found), query.order);
  }

  /** How many rows each contributor has. */
  contributors(): Map<string, number> {
    return this.#tally('contributor');
  }

  /** How many rows each contribution (CID) has. Rows without one are left out. */
  contributions(): Map<string, number> {
    return this.#tally('contribution');
  }

  /** All tags that some row has, sorted. */
  tags(): string[] {
    const used = [...this.#tally('tags').keys()];
    return [...new Set(used.flatMap((tags) => JSON.parse(tags) as string[]))].sort();
  }

  splits(): Record<Split, number> {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < this.#count; i += 1) counts[this.#split[i]] += 1;
    // A row without a split is trained on.
    return { train: counts[0] + counts[1], validation: counts[2], test: counts[3] };
  }

  /** Ids of all blocks that some row lies in. */
  blocks(): Set<string> {
    return new Set(this.#tally('block').keys());
  }

  /** As it is stored; shares nothing with the table. */
  serialise(): TableColumns {
    return {
      count: this.#count,
      nextKey: this.#nextKey,
      digests: this.#digests.slice(0, this.#count * DIGEST_BYTES),
      numbers: byName(NUMBERS, (name) => this.#numbers[name].slice(0, this.#count)),
      split: this.#split.slice(0, this.#count),
      flags: this.#flags.slice(0, this.#count),
      strings: byName(NAMED, (name) => [...this.#strings[name].values])
    };
  }

  /** Another table with the same rows under the same keys. */
  clone(): RowTable {
    return new RowTable(this.serialise());
  }

  #setPlace(index: number, place: RowPlace): void {
    if (place.digest.length !== DIGEST_BYTES) throw new RangeError('A digest has 32 bytes.');
    this.#digests.set(place.digest, index * DIGEST_BYTES);
    this.#numbers.block[index] = this.#strings.block.idOf(place.block);
    this.#numbers.slot[index] = place.slot;
    this.#numbers.length[index] = place.length;
  }

  #setMeta(index: number, meta: RowMeta): void {
    const tags = meta.tags && meta.tags.length > 0 ? JSON.stringify(meta.tags) : undefined;
    this.#numbers.contributor[index] = this.#strings.contributor.idOf(meta.contributor);
    this.#numbers.source[index] = this.#strings.source.idOf(meta.source);
    this.#numbers.licence[index] = this.#strings.licence.idOf(meta.licence);
    this.#numbers.contribution[index] = this.#strings.contribution.idOf(meta.contribution);
    this.#numbers.tags[index] = this.#strings.tags.idOf(tags);
    this.#split[index] = codeOf(meta.split);
    this.#flags[index] = meta.drafted ? DRAFTED : 0;
  }

  /** Keeps the rows that `stays` holds for, in order. */
  #keep(stays: (index: number) => boolean): number {
    const before = this.#count;
    let to = 0;
    for (let from = 0; from < before; from += 1) {
      if (!stays(from)) continue;
      if (to !== from) {
        this.#digests.copyWithin(to * DIGEST_BYTES, from * DIGEST_BYTES, (from + 1) * DIGEST_BYTES);
        for (const name of NUMBERS) this.#numbers[name][to] = this.#numbers[name][from];
        this.#split[to] = this.#split[from];
        this.#flags[to] = this.#flags[from];
      }
      to += 1;
    }
    this.#count = to;
    return before - to;
  }

  #tally(name: Named): Map<string, number> {
    const counts = new Uint32Array(this.#strings[name].values.length + 1);
    for (let i = 0; i < this.#count; i += 1) counts[this.#numbers[name][i]] += 1;
    return new Map(
      this.#strings[name].values.flatMap((value, i) =>
        counts[i + 1] > 0 ? [[value, counts[i + 1]] as const] : []
      )
    );
  }

  #ordered(positions: Uint32Array, order: TableQuery['order']): Uint32Array {
    if (order === undefined || order === 'position') return positions;
    const { length, contributor } = this.#numbers;
    if (order === 'length') return positions.sort((a, b) => length[a] - length[b] || a - b);
    const names = this.#strings.contributor.values;
    const sorted = names.map((_, i) => i).sort((a, b) => (names[a] < names[b] ? -1 : 1));
    const rank = new Uint32Array(names.length + 1);
    sorted.forEach((id, place) => (rank[id + 1] = place));
    return positions.sort((a, b) => rank[contributor[a]] - rank[contributor[b]] || a - b);
  }

  /** Columns grow by doubling, so that adding one row after another copies each a few times only. */
  #makeRoom(rows: number): void {
    if (rows <= this.#split.length) return;
    const capacity = Math.max(rows, this.#split.length * 2, 64);
    this.#digests = grown(this.#digests, capacity * DIGEST_BYTES);
    for (const name of NUMBERS) {
      const column = new Uint32Array(capacity);
      column.set(this.#numbers[name]);
      this.#numbers[name] = column;
    }
    this.#split = grown(this.#split, capacity);
    this.#flags = grown(this.#flags, capacity);
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

function codeOf(split: Split | undefined): number {
  return split === undefined ? 0 : SPLITS.indexOf(split) + 1;
}

function byName<N extends string, T>(names: readonly N[], of: (name: N) => T): Record<N, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<N, T>;
}

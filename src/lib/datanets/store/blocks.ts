import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson } from '../canonical';
import { rowContent } from '../content/cid';
import { rowLength, type Row, type RowContent } from '../row';
import type { BlockRecord } from './datanet-schema';
import type { RowPlace } from './row-table';

/** A block is full with this many bytes. A row that is larger has a block of its own. */
export const BLOCK_BYTES = 1024 * 1024;

/** Writes rows into blocks, one after another. */
export class BlockPacker {
  readonly #datanet: string;
  readonly #staged: string | undefined;
  readonly #encoder = new TextEncoder();
  #id = crypto.randomUUID();
  #rows: Uint8Array[] = [];
  #bytes = 0;
  #full: BlockRecord[] = [];

  /** @param staged the import that the blocks belong to until it is committed */
  constructor(datanet: string, staged?: string) {
    this.#datanet = datanet;
    this.#staged = staged;
  }

  /** Adds a row's words. @throws NotCanonicalError where they hold half a character */
  add(row: Row | RowContent): RowPlace {
    const content = rowContent(row);
    const bytes = this.#encoder.encode(canonicalJson(content));
    if (this.#bytes > 0 && this.#bytes + bytes.length > BLOCK_BYTES) this.#close();
    const place = {
      block: this.#id,
      slot: this.#rows.length,
      digest: sha256(bytes),
      length: rowLength(content)
    };
    this.#rows.push(bytes);
    this.#bytes += bytes.length;
    return place;
  }

  /** Blocks that are full since the last call. */
  takeFull(): BlockRecord[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** All blocks since the last call, the one that is not full included. */
  takeAll(): BlockRecord[] {
    if (this.#rows.length > 0) this.#close();
    return this.takeFull();
  }

  #close(): void {
    const bytes = new Uint8Array(this.#bytes);
    const offsets = new Uint32Array(this.#rows.length + 1);
    let at = 0;
    for (const [i, row] of this.#rows.entries()) {
      bytes.set(row, at);
      at += row.length;
      offsets[i + 1] = at;
    }
    this.#full.push({
      id: this.#id,
      datanet: this.#datanet,
      ...(this.#staged === undefined ? {} : { staged: this.#staged }),
      bytes: bytes.buffer,
      offsets
    });
    this.#id = crypto.randomUUID();
    this.#rows = [];
    this.#bytes = 0;
  }
}

/** Reads rows out of blocks; keeps the blocks that were read last. */
export class BlockReader {
  readonly #read: (id: string) => Promise<BlockRecord>;
  readonly #capacity: number;
  readonly #decoder = new TextDecoder();
  /** The one read last stands last. */
  readonly #kept = new Map<string, Promise<BlockRecord>>();

  /**
   * @param read gives a block by its id
   * @param capacity how many blocks are kept, of up to a MiB each
   */
  constructor(read: (id: string) => Promise<BlockRecord>, capacity = 32) {
    this.#read = read;
    this.#capacity = capacity;
  }

  /** A row's canonical JSON in UTF-8: a view, for reading. @throws NotStoredError where its block is gone */
  async bytes(place: Pick<RowPlace, 'block' | 'slot'>): Promise<Uint8Array> {
    const { bytes, offsets } = await this.#block(place.block);
    const [start, end] = [offsets[place.slot], offsets[place.slot + 1]];
    return new Uint8Array(bytes, start, end - start);
  }

  /** A row's canonical JSON. */
  async json(place: Pick<RowPlace, 'block' | 'slot'>): Promise<string> {
    return this.#decoder.decode(await this.bytes(place));
  }

  /** A row's words. */
  async content(place: Pick<RowPlace, 'block' | 'slot'>): Promise<RowContent> {
    return JSON.parse(await this.json(place)) as RowContent;
  }

  #block(id: string): Promise<BlockRecord> {
    const kept = this.#kept.get(id);
    const reading = kept ?? this.#read(id);
    this.#kept.delete(id);
    this.#kept.set(id, reading);
    if (!kept) {
      // One that could not be read is asked for again.
      reading.catch(() => this.#kept.delete(id));
      const [oldest] = this.#kept.keys();
      if (this.#kept.size > this.#capacity) this.#kept.delete(oldest);
    }
    return reading;
  }
}

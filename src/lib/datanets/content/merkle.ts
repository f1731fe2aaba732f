import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { TabtuneError } from '../../errors';
import { Pace, type PaceOptions } from '../pace';

/** One row of a version: what it says, and whose it is. */
export interface MerkleLeaf {
  cid: string;
  contributor: string;
}

/** What somebody has of a whole of a million. */
export interface ShareLeaf {
  /** Contributor id. */
  id: string;
  /** A whole number, up to 2^53. */
  share: number;
}

/** A tree without leaves has no root: there is nothing to sign. */
export class EmptyTreeError extends TabtuneError {}

/** A row was asked for that the tree does not have. */
export class NoSuchLeafError extends TabtuneError {}

export interface MerkleOptions extends PaceOptions {
  /** How many leaves will come, where that is known: for `onProgress`. */
  count?: number;
}

const HASH = 32;

/**
 * The Merkle tree of OpenZeppelin's `StandardMerkleTree` with the leaf encoding (string, string): a leaf is the keccak256
 * of the keccak256 of abi.encode(cid, contributor); leaves are sorted by hash and lie, from the last place backwards, in a
 * complete binary tree kept as an array; a node is the keccak256 of its children, the smaller first. So any verifier made
 * for those trees, a contract included, checks these proofs.
 * https://github.com/OpenZeppelin/merkle-tree
 */
export class MerkleTree {
  /** `0x` and 64 hexadecimal digits. */
  readonly root: string;
  /** Number of leaves. */
  readonly length: number;
  /** The nodes, root first, 32 bytes each. */
  readonly #nodes: Uint8Array;
  /** Where in the tree the leaf of each row is. */
  readonly #places: Uint32Array;

  private constructor(nodes: Uint8Array, places: Uint32Array) {
    this.#nodes = nodes;
    this.#places = places;
    this.length = places.length;
    this.root = hex(nodes.subarray(0, HASH));
  }

  /**
   * Some 8 microseconds and 68 bytes a leaf.
   * @throws EmptyTreeError, the abort reason, or what the leaves throw.
   */
  static async build(
    leaves: Iterable<MerkleLeaf> | AsyncIterable<MerkleLeaf>,
    options: MerkleOptions = {}
  ): Promise<MerkleTree> {
    return MerkleTree.#build(leaves, ({ cid, contributor }) => leafHash(cid, contributor), options);
  }

  /**
   * The same tree over contributors and their shares of a model: leaf encoding (string, uint256).
   * @throws EmptyTreeError, the abort reason
   */
  static async ofShares(leaves: Iterable<ShareLeaf>, options: MerkleOptions = {}): Promise<MerkleTree> {
    return MerkleTree.#build(leaves, ({ id, share }) => shareHash(id, share), options);
  }

  static async #build<T>(
    leaves: Iterable<T> | AsyncIterable<T>,
    hashOf: (leaf: T) => Uint8Array,
    options: MerkleOptions
  ): Promise<MerkleTree> {
    const pace = new Pace(options);
    const hashes = new HashList(options.count);
    // A third of the work is yet to come once the leaves are hashed.
    const total = () => Math.ceil((Math.max(options.count ?? 0, hashes.length) * 3) / 2);
    for await (const leaf of leaves) {
      hashes.add(hashOf(leaf));
      if (pace.due) await pace.breathe(hashes.length, total());
    }
    const count = hashes.length;
    if (count === 0) throw new EmptyTreeError('There is nothing to make a tree of: no row, and nobody.');

    const nodes = new Uint8Array((2 * count - 1) * HASH);
    const places = new Uint32Array(count);
    let place = 2 * count - 1;
    for (const bucket of hashes.inOrder()) {
      for (const row of bucket) {
        place -= 1;
        places[row] = place;
        nodes.set(hashes.at(row), place * HASH);
      }
      if (pace.due) await pace.breathe(count, total());
    }
    for (let i = count - 2; i >= 0; i -= 1) {
      const children = nodes.subarray((2 * i + 1) * HASH, (2 * i + 3) * HASH);
      nodes.set(nodeHash(children.subarray(0, HASH), children.subarray(HASH)), i * HASH);
      if (pace.due) await pace.breathe(total() - Math.ceil(i / 2), total());
    }
    pace.finish(total());
    return new MerkleTree(nodes, places);
  }

  /**
   * The siblings on the way from a row to the root, for `verifyProof` and for OpenZeppelin's `MerkleProof`.
   * @param index the row's place among the leaves that were given.
   */
  proof(index: number): string[] {
    let place = this.#places[index];
    if (place === undefined) {
      throw new NoSuchLeafError(`There is no row ${index}: the tree has ${this.length}.`, {
        details: { index, length: this.length }
      });
    }
    const proof: string[] = [];
    for (; place > 0; place = (place - 1) >> 1) {
      const sibling = place % 2 === 0 ? place - 1 : place + 1;
      proof.push(hex(this.#nodes.subarray(sibling * HASH, (sibling + 1) * HASH)));
    }
    return proof;
  }
}

/** Whether the row with this CID and contributor is in the tree with this root. Malformed proofs prove nothing. */
export function verifyProof(
  root: string,
  cid: string,
  contributor: string,
  proof: readonly string[]
): boolean {
  return leadsToRoot(root, leafHash(cid, contributor), proof);
}

/** Whether a contributor has this share in the tree with this root (`MerkleTree.ofShares`). */
export function verifyShareProof(root: string, { id, share }: ShareLeaf, proof: readonly string[]): boolean {
  return leadsToRoot(root, shareHash(id, share), proof);
}

function leadsToRoot(root: string, leaf: Uint8Array, proof: readonly string[]): boolean {
  if (!proof.every((step) => /^0x[0-9a-f]{64}$/i.test(step))) return false;
  let hash = leaf;
  for (const step of proof) hash = nodeHash(hash, hexToBytes(step.slice(2)));
  return hex(hash) === root.toLowerCase();
}

/** Hashing twice keeps a leaf from being taken for a node, whose 64 bytes are hashed once. */
function leafHash(cid: string, contributor: string): Uint8Array {
  return keccak_256(keccak_256(abiEncode(cid, contributor)));
}

function shareHash(id: string, share: number): Uint8Array {
  return keccak_256(keccak_256(abiEncodeShare(id, share)));
}

function nodeHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  const pair = new Uint8Array(2 * HASH);
  const inOrder = compare(a, b) <= 0;
  pair.set(inOrder ? a : b);
  pair.set(inOrder ? b : a, HASH);
  return keccak_256(pair);
}

/** abi.encode(string, string): two offsets, then each string's length and its UTF-8 bytes, all in words of 32 bytes. */
function abiEncode(first: string, second: string): Uint8Array {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(first), encoder.encode(second)];
  const secondAt = 96 + padded(a.length);
  const encoded = new Uint8Array(secondAt + 32 + padded(b.length));
  const view = new DataView(encoded.buffer);
  // Lengths fit the last four bytes of their word.
  view.setUint32(28, 64);
  view.setUint32(60, secondAt);
  view.setUint32(92, a.length);
  encoded.set(a, 96);
  view.setUint32(secondAt + 28, b.length);
  encoded.set(b, secondAt + 32);
  return encoded;
}

/** abi.encode(string, uint256): the string's offset, the number, then the string's length and its UTF-8 bytes. */
function abiEncodeShare(id: string, share: number): Uint8Array {
  const bytes = new TextEncoder().encode(id);
  const encoded = new Uint8Array(96 + padded(bytes.length));
  const view = new DataView(encoded.buffer);
  view.setUint32(28, 64);
  // JavaScript is exact up to 2^53: the last eight bytes of the word hold it.
  view.setBigUint64(56, BigInt(share));
  view.setUint32(92, bytes.length);
  encoded.set(bytes, 96);
  return encoded;
}

function padded(length: number): number {
  return Math.ceil(length / 32) * 32;
}

/** Hashes one after another in one growing buffer, as objects of their own would take three times the memory. */
class HashList {
  length = 0;
  #bytes: Uint8Array;

  constructor(expected = 1024) {
    this.#bytes = new Uint8Array(Math.max(1, expected) * HASH);
  }

  add(hash: Uint8Array): void {
    if (this.length * HASH === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, this.length * HASH);
    this.length += 1;
  }

  at(index: number): Uint8Array {
    return this.#bytes.subarray(index * HASH, (index + 1) * HASH);
  }

  /** The places of the hashes from the smallest hash to the largest, in 65,536 portions so that sorting can pause. */
  *inOrder(): Generator<number[]> {
    const buckets = new Map<number, number[]>();
    for (let i = 0; i < this.length; i += 1) {
      const key = this.#bytes[i * HASH] * 256 + this.#bytes[i * HASH + 1];
      const bucket = buckets.get(key);
      if (bucket) bucket.push(i);
      else buckets.set(key, [i]);
    }
    for (const key of [...buckets.keys()].sort((a, b) => a - b)) {
      yield buckets.get(key)!.sort((a, b) => compare(this.at(a), this.at(b)));
    }
  }
}

/** As unsigned numbers, most significant byte first. */
function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < HASH; i += 1) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return 0;
}

function hex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}

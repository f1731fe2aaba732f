import { TabtuneError } from '../../errors';
import { readRows, verifyRows, type RowsTally } from '../content/rows-file';
import type { MerkleTree } from '../content/merkle';
import type { DatanetRow } from '../datanet';
import type { TextInput } from '../lines';
import type { PaceOptions } from '../pace';
import type { RowsDigest } from '../trust/statements';
import { Unsealed } from './seal';

/** The rows are sealed, and no key was given. */
export class LockedRowsError extends TabtuneError {}

/** The rows that came in a file, sealed or not, with what their signed statement says of them. Nothing is held of them. */
export class RowsPart {
  readonly digest: RowsDigest;
  readonly sealed: boolean;
  readonly #data: Blob;

  constructor(data: Blob, digest: RowsDigest, sealed: boolean) {
    this.#data = data;
    this.digest = digest;
    this.sealed = sealed;
  }

  /**
   * The rows in their order, decrypted a segment at a time. What does not fit the statement throws, at the latest behind
   * the last row; the Merkle root is what `verify` looks at.
   * @param key needed where the rows are sealed.
   * @throws LockedRowsError, CannotUnsealError, RowsFileError, RowsMismatchError, UnreadableFileError, the abort reason.
   */
  async *rows(key?: CryptoKey, options: PaceOptions = {}): AsyncGenerator<DatanetRow> {
    yield* readRows(await this.#bytes(key, options.signal), this.digest, options);
  }

  /**
   * Reads all rows and compares their number, length, SHA-256 and Merkle root with the statement's.
   * @throws as `rows`.
   */
  async verify(key?: CryptoKey, options: PaceOptions = {}): Promise<{ tree: MerkleTree; tally: RowsTally }> {
    return verifyRows(await this.#bytes(key, options.signal), this.digest, options);
  }

  async #bytes(key: CryptoKey | undefined, signal: AbortSignal | undefined): Promise<TextInput> {
    if (!this.sealed) return this.#data;
    if (!key) {
      throw new LockedRowsError(
        'The rows are sealed, and this browser has no key to them. Ask the owner for access.',
        { details: { root: this.digest.root } }
      );
    }
    return (await Unsealed.open(this.#data, key, this.digest.root)).bytes(signal);
  }
}

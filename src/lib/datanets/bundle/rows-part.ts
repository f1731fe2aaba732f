import { TabtuneError } from '../../errors';
import { readRows, verifyBytes, verifyRows, type RowsTally } from '../content/rows-file';
import type { MerkleTree } from '../content/merkle';
import type { DatanetRow } from '../datanet';
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
    const input = this.sealed ? (await this.#open(key)).bytes(options.signal) : this.#data;
    yield* readRows(input, this.digest, options);
  }

  /**
   * Reads all rows and compares their number, length, SHA-256 and Merkle root with the statement's. Sealed ones are read
   * twice: the digest of open ones was compared as the file was opened, of sealed ones it can be only now.
   * @throws as `rows`.
   */
  async verify(key?: CryptoKey, options: PaceOptions = {}): Promise<{ tree: MerkleTree; tally: RowsTally }> {
    if (!this.sealed) return verifyRows(this.#data, this.digest, options);
    const unsealed = await this.#open(key);
    await verifyBytes(unsealed.bytes(options.signal), this.digest);
    return verifyRows(unsealed.bytes(options.signal), this.digest, options);
  }

  async #open(key: CryptoKey | undefined): Promise<Unsealed> {
    if (!key) {
      throw new LockedRowsError(
        'The rows are sealed, and this browser has no key to them. Ask the owner for access.',
        { details: { root: this.digest.root } }
      );
    }
    return Unsealed.open(this.#data, key, this.digest.root);
  }
}

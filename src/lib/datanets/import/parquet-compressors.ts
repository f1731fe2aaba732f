import { decompress as decompressZstd } from 'fzstd';
import { snappyUncompress, type Compressors } from 'hyparquet';
import { decompressBrotli } from 'hyparquet-compressors/src/brotli.js';
import { gunzip } from 'hyparquet-compressors/src/gzip.js';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors/src/lz4.js';

/** A page that claims to unpack to more than may be. Becomes a `ParquetError` that names the file. */
export class UnpackedSizeError extends Error {}

/**
 * What unpacks pages, all in plain JavaScript: the page's rules allow no other code. So Snappy is hyparquet's own, and the
 * others come module by module: the index of their package compiles WebAssembly when it is imported.
 * @param maxBytes that a page may unpack to
 */
export function boundedCompressors(maxBytes: number): Compressors {
  const bounded =
    (unpack: (input: Uint8Array, length: number) => Uint8Array) => (input: Uint8Array, length: number) => {
      if (!(length >= 0 && length <= maxBytes)) throw new UnpackedSizeError(`a page claims ${length} bytes`);
      return unpack(input, length);
    };
  return {
    SNAPPY: bounded((input, length) => {
      const output = new Uint8Array(length);
      snappyUncompress(input, output);
      return output;
    }),
    GZIP: bounded((input, length) => gunzip(input, new Uint8Array(length))),
    BROTLI: bounded((input, length) => decompressBrotli(input, length)),
    ZSTD: bounded((input, length) => decompressZstd(input, new Uint8Array(length))),
    LZ4: bounded((input, length) => decompressLz4(input, length)),
    LZ4_RAW: bounded((input, length) => decompressLz4Raw(input, length))
  };
}

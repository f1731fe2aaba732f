import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import { f16ToNumber, f32ToF16 } from './half';

/** What the tests of this folder share. */

/** Path of a file in tests/goldens. */
export function golden(path: string): string {
  return fileURLToPath(new URL(`../../../tests/goldens/${path}`, import.meta.url));
}

/** A golden of raw little-endian f32. */
export async function goldenF32(path: string): Promise<Float32Array> {
  const bytes = await readFile(golden(path));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** All chunks of a stream as one array. */
export async function collect(stream: AsyncIterable<Float32Array>): Promise<Float32Array> {
  const chunks: Float32Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const all = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Values after a trip through F16. */
export function twinWide(values: Float32Array): Float32Array {
  return Float32Array.from(f32ToF16(values), f16ToNumber);
}

/** Compares bit patterns, so that NaN, -0 and the last digit count; says where the first difference is. */
export function firstDifference(actual: Float32Array, expected: Float32Array): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} values instead of ${expected.length}`;
  const [a, b] = [actual, expected].map(
    (array) => new Uint32Array(array.buffer, array.byteOffset, array.length)
  );
  const at = a.findIndex((bits, i) => bits !== b[i]);
  return at < 0 ? undefined : `value ${at} is ${actual[at]} instead of ${expected[at]}`;
}

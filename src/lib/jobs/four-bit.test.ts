import { expect, test } from 'vitest';
import { fourBitNotice } from './four-bit';

const values = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i) + 0.01 * i);
const source = (fourBit: Parameters<typeof fourBitNotice>[0]['fourBit']) => ({
  ...(fourBit ? { fourBit } : {}),
  shape: () => [4, 64],
  stream: async function* () {
    yield values.subarray(0, 100);
    yield values.subarray(100);
  }
});

test('says nothing where the stored bits are computed', async () => {
  expect(await fourBitNotice(source(undefined))).toBeUndefined();
  expect(await fourBitNotice(source({ foreign: [], plain: [] }))).toBeUndefined();
});

test('says what is quantised anew, and by how much that changes it', async () => {
  const foreign = [{ name: 'a.weight', form: 'FP4 in blocks of 64' }];
  const notice = await fourBitNotice(source({ foreign, plain: ['b.weight', 'c.weight'] }));
  expect(notice).toMatch(
    /^The model has 1 matrix stored as FP4 in blocks of 64 and 2 matrices that its 4-bit checkpoint left in 16 bits, .* changes a\.weight by \d\.\d % \(root mean square\)\. In 16 bits/
  );
  expect(Number(/by ([\d.]+) %/.exec(notice!)![1])).toBeGreaterThan(4);
  expect(Number(/by ([\d.]+) %/.exec(notice!)![1])).toBeLessThan(15);
  expect(await fourBitNotice(source({ foreign: [], plain: ['b.weight'] }))).toContain(
    '1 matrix that its 4-bit'
  );
});

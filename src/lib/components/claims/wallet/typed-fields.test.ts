/** What the page shows before a signature is all that the wallet shows, in its order. */
import { describe, expect, it } from 'vitest';
import { typedFields } from './typed-fields';

describe('fields of typed data', () => {
  it('are all there in the order of the type, numbers beyond 2^53 to the last digit', () => {
    const fields = typedFields({
      domain: { name: 'Tabtune', version: '1', chainId: 1 },
      primaryType: 'Claim',
      types: {
        Claim: [
          { name: 'statement', type: 'string' },
          { name: 'rows', type: 'uint256' },
          { name: 'roots', type: 'bytes32[]' },
          { name: 'none', type: 'string[]' }
        ]
      },
      message: { none: [], roots: ['0x01', '0x02'], rows: 2n ** 64n + 1n, statement: '<b>bafy</b>' }
    });
    expect(fields).toEqual([
      { name: 'statement', type: 'string', lines: ['<b>bafy</b>'] },
      { name: 'rows', type: 'uint256', lines: ['18446744073709551617'] },
      { name: 'roots', type: 'bytes32[]', lines: ['0x01', '0x02'] },
      { name: 'none', type: 'string[]', lines: [] }
    ]);
  });
});

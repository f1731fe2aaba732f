/** A wallet's signature holds for one statement, one account and one chain. */
import { describe, expect, it } from 'vitest';
import { privateKeyToAccount } from 'viem/accounts';
import type { Contribution, WalletLink, WalletSignature } from '../../datanets/trust/statements';
import type { WalletStatement } from './typed-data';
import { claimOf, verifyWalletSignature, WalletSignatureError } from './wallet-signature';

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`);
const by = { id: 'did:key:zDnaeA', name: 'Ines', agreement: 'did:key:zDnaeB' };
const contribution: Contribution = {
  kind: 'contribution',
  by,
  created: '2026-11-23T12:00:00.000Z',
  datanet: 'b7a0c0b2-0a52-4b38-9f43-2a63c0b4e9b0',
  invitation: 'bafkreia',
  source: 'My own log book',
  licence: { spdx: 'CC-BY-4.0' },
  rows: { count: 12, root: `0x${'ab'.repeat(32)}`, sha256: 'cd'.repeat(32), bytes: 4000 }
};
const link: WalletLink = {
  kind: 'wallet-link',
  by,
  created: '2026-11-23T12:00:00.000Z',
  address: account.address
};

async function signed(statement: WalletStatement, chainId = 1): Promise<WalletSignature> {
  const value = await account.signTypedData(claimOf(statement, chainId));
  return { standard: 'EIP-712', address: account.address, chainId, value };
}

describe.each<WalletStatement>([contribution, link])('a wallet signature of a $kind', (statement) => {
  it('holds as it was made', async () => {
    await expect(verifyWalletSignature(statement, await signed(statement))).resolves.toBeUndefined();
  });

  it('shows the wallet the person and the CID of the statement', () => {
    const { message, types, primaryType } = claimOf(statement, 1);
    expect(Object.values(message).join(' ')).toContain('Ines (did:key:zDnaeA)');
    expect(message['statement']).toMatch(/^bafkrei/);
    expect(Object.keys(message)).toEqual(types[primaryType].map(({ name }) => name));
  });

  it('fails where any field of the statement is another', async () => {
    const wallet = await signed(statement);
    const changes: Partial<Contribution>[] = [
      { created: '2026-11-23T12:00:01.000Z' },
      { by: { ...by, name: 'Sal' } },
      ...(statement.kind === 'contribution'
        ? [{ source: 'found it' }, { licence: { spdx: 'MIT' } }, { rows: { ...statement.rows, bytes: 1 } }]
        : [])
    ];
    for (const change of changes) {
      const other = { ...statement, ...change } as WalletStatement;
      await expect(verifyWalletSignature(other, wallet)).rejects.toThrow(WalletSignatureError);
    }
  });

  it('fails on another chain, for another account, and as no signature at all', async () => {
    const wallet = await signed(statement);
    const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`).address;
    for (const other of [
      { ...wallet, chainId: 10 },
      { ...wallet, address: stranger },
      { ...wallet, value: '0x' },
      { ...wallet, value: 'nonsense' }
    ]) {
      await expect(verifyWalletSignature(statement, other)).rejects.toThrow(WalletSignatureError);
    }
  });
});

/** A wallet's signature holds for one statement, one account and one chain, and shows what it is of. */
import { describe, expect, it } from 'vitest';
import { privateKeyToAccount } from 'viem/accounts';
import { canonicalJson } from '../../datanets/canonical';
import { cidOfText } from '../../datanets/content/cid';
import type { WalletSignature } from '../../datanets/trust/statements';
import { everyStatement } from '../../datanets/trust/testing';
import { isForWallets, type WalletStatement } from './typed-data';
import { claimOf, verifyWalletSignature, WalletSignatureError } from './wallet-signature';

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`);
const by = { id: 'did:key:zDnaeA', name: 'Ines', agreement: 'did:key:zDnaeB' };
const other = { id: 'did:key:zDnaeC', name: 'Bo', agreement: 'did:key:zDnaeD' };
const all = everyStatement(by, other);
const claims: WalletStatement[] = Object.values(all)
  .filter(isForWallets)
  .map((statement) =>
    statement.kind === 'wallet-link' ? { ...statement, address: account.address } : statement
  );

async function signed(statement: WalletStatement, chainId = 1): Promise<WalletSignature> {
  const value = await account.signTypedData(claimOf(statement, chainId));
  return { standard: 'EIP-712', address: account.address, chainId, value };
}

/** The type as EIP-712 writes it, and what the wallet shows of a statement besides its CID and its moment. */
function shown(kind: WalletStatement['kind']): [string, Record<string, unknown>] {
  const { message, types, primaryType } = claimOf(all[kind], 1);
  const { created: _, statement: __, ...rest } = message;
  return [`${primaryType}(${types[primaryType].map(({ name, type }) => `${type} ${name}`).join(',')})`, rest];
}

it('is made of the five claims and of links to wallets, and of nothing else', () => {
  expect(claims.map(({ kind }) => kind).toSorted()).toEqual([
    ...['access-grant', 'attribution-receipt', 'contribution', 'run-manifest', 'validation', 'wallet-link']
  ]);
});

describe('what a wallet shows', () => {
  it('of a contribution', () => {
    expect(shown('contribution')).toEqual([
      'Contribution(string contributor,string datanet,uint256 rows,bytes32 rowsRoot,string source,string licence,string created,string statement)',
      {
        ...{ contributor: 'Ines (did:key:zDnaeA)', datanet: all.contribution.datanet, rows: 12n },
        ...{ rowsRoot: `0x${'2'.repeat(64)}`, source: 'My own notes,\nof ten years', licence: 'CC-BY-4.0' }
      }
    ]);
  });

  it('of a validation', () => {
    expect(shown('validation')).toEqual([
      'Validation(string validator,string datanet,bytes32 rowsRoot,string verdict,string findings,string words,string created,string statement)',
      {
        ...{ validator: 'Ines (did:key:zDnaeA)', datanet: all.validation.datanet, verdict: 'unsound' },
        ...{ rowsRoot: `0x${'4'.repeat(64)}`, findings: 'personal-data 3, secret 0' },
        words: 'Addresses are in it'
      }
    ]);
  });

  it('of a grant', () => {
    expect(shown('access-grant')).toEqual([
      'AccessGrant(string owner,string grantedTo,string datanet,string version,bytes32 rowsRoot,string uses,string conditions,string created,string statement)',
      {
        ...{ owner: 'Ines (did:key:zDnaeA)', grantedTo: 'Bo (did:key:zDnaeC)', uses: 'training' },
        ...{ datanet: all['access-grant'].datanet, version: all['access-grant'].version },
        rowsRoot: `0x${'4'.repeat(64)}`,
        conditions:
          'This holds only for “research”. This holds until 31 December 2026, 00:00 UTC. This holds in at most 2 runs by one person. This holds with the contributors named where results are shown.'
      }
    ]);
  });

  it('of a run manifest', () => {
    expect(shown('run-manifest')).toEqual([
      'RunManifest(string trainer,string adapter,bytes32 adapterHash,string base,bytes32 baseHash,string[] datanets,bytes32[] datasetRoots,bytes32 rowsHash,uint256 rows,bytes32 configHash,string seed,uint256 steps,string expires,string created,string statement)',
      {
        ...{ trainer: 'Ines (did:key:zDnaeA)', adapter: 'Pelhaven on starter', base: 'starter' },
        ...{ adapterHash: `0x${'b'.repeat(64)}`, baseHash: `0x${'7'.repeat(64)}` },
        ...{ datanets: ['“Pelhaven”, version 2'], datasetRoots: [`0x${'4'.repeat(64)}`] },
        ...{ rowsHash: `0x${'8'.repeat(64)}`, rows: 10n, configHash: `0x${'a'.repeat(64)}` },
        ...{ seed: '7', steps: 99n, expires: '2028-01-01T00:00:00Z' }
      }
    ]);
  });

  it('of an attribution receipt, its largest shares first', () => {
    const [type, fields] = shown('attribution-receipt');
    expect(type).toBe(
      'AttributionReceipt(string attributor,string manifest,bytes32 adapterHash,string method,string shares,bytes32 sharesRoot,string expires,string created,string statement)'
    );
    expect(fields).toEqual({
      ...{ attributor: 'Ines (did:key:zDnaeA)', manifest: all['attribution-receipt'].manifest },
      ...{ adapterHash: `0x${'b'.repeat(64)}`, sharesRoot: `0x${'5'.repeat(64)}` },
      method: 'cosine at steps 25, 50, 75, 2 questions, rules 1',
      ...{ shares: '“Bo” 75.0000 %, “Ada” 25.0000 %', expires: '2028-01-01T00:00:00Z' }
    });
    const share = { rows: 1, low: 0, high: 0 };
    const many = Array.from({ length: 8 }, (_, i) => ({
      ...share,
      ...{ id: `${i}`, name: `N${i}”, “me”`, share: i * 1000 }
    }));
    const { message } = claimOf({ ...all['attribution-receipt'], shares: many }, 1);
    expect(message['shares']).toMatch(/^“N7", "me"” 0\.7000 %, “N6.* and 3 more$/);
  });

  it('of options that no run can have is text all the same', () => {
    for (const [seed, text] of [
      [undefined, ''],
      [-1.5, '-1.5'],
      ['none', 'none']
    ] as const) {
      const config: Record<string, number | string> = seed === undefined ? {} : { seed };
      expect(claimOf({ ...all['run-manifest'], config }, 1).message['seed']).toBe(text);
    }
  });

  it('is the same whatever order the fields of the statement are in', () => {
    const { validation } = all;
    const findings = { secret: 0, 'personal-data': 3 };
    expect(claimOf({ ...validation, findings }, 1)).toEqual(claimOf(validation, 1));
  });
});

describe.each<WalletStatement>(claims)('a wallet signature of a $kind', (statement) => {
  it('holds as it was made', async () => {
    await expect(verifyWalletSignature(statement, await signed(statement))).resolves.toBeUndefined();
  });

  it('binds the CID of the statement, its person and its moment', () => {
    const { message, types, primaryType, domain } = claimOf(statement, 1);
    expect(domain).toEqual({ name: 'Tabtune', version: '1', chainId: 1 });
    expect(Object.values(message).join(' ')).toContain('Ines (did:key:zDnaeA)');
    expect(message['statement']).toBe(cidOfText(canonicalJson(statement)));
    expect(message['created']).toBe(statement.created);
    expect(Object.keys(message)).toEqual(types[primaryType].map(({ name }) => name));
  });

  it('fails where any field of the statement is another', async () => {
    const wallet = await signed(statement);
    for (const [key, value] of Object.entries(statement)) {
      if (key === 'kind' || (key === 'address' && statement.kind === 'wallet-link')) continue;
      const changed: unknown =
        typeof value === 'string'
          ? `${value}x`
          : typeof value === 'number'
            ? value + 1
            : { ...(value as object), more: 1 };
      const forged = { ...statement, [key]: changed } as WalletStatement;
      // What cannot even be written as a list of fields is no statement, and is refused before by its form.
      if (Array.isArray(value)) continue;
      await expect(verifyWalletSignature(forged, wallet), key).rejects.toThrow(WalletSignatureError);
    }
  });

  it('fails on another chain, for another account, and as no signature at all', async () => {
    const wallet = await signed(statement);
    const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`).address;
    for (const changed of [
      { ...wallet, chainId: 10 },
      { ...wallet, address: stranger },
      { ...wallet, address: wallet.address.toLowerCase() },
      { ...wallet, value: '0x' },
      { ...wallet, value: 'nonsense' }
    ]) {
      await expect(verifyWalletSignature(statement, changed)).rejects.toThrow(WalletSignatureError);
    }
  });
});

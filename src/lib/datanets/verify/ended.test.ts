/** That a statement is over, verify says of the same statement with whichever wallet's signature beside it. */
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, describe, expect, it } from 'vitest';
import { claimOf, verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import { canonicalJson } from '../canonical';
import { createIdentity, type Identity } from '../trust/identity';
import { signStatement, statementCid } from '../trust/sign';
import type { Signed, Statement, WalletSignature } from '../trust/statements';
import { everyStatement } from '../trust/testing';
import type { WalletStatement } from '../trust/wallet-kinds';
import { verifyFile } from './verify';

const now = new Date('2026-11-25T00:00:00.000Z');
const stranger = privateKeyToAccount(`0x${'2'.repeat(64)}`);
const common = { created: '2026-11-24T12:00:00.000Z', reason: 'Over' };

/** Each kind that can end, and what ends it. */
const ENDED = {
  'access-grant': {
    check: 'revocation',
    end: (by, grant, datanet) => ({ kind: 'revocation', by, ...common, grant, datanet })
  },
  contribution: {
    check: 'withdrawal',
    end: (by, contribution, datanet) => ({ kind: 'withdrawal', by, ...common, contribution, datanet })
  },
  validation: { check: 'retraction', end: retraction },
  'run-manifest': { check: 'retraction', end: retraction },
  'attribution-receipt': { check: 'retraction', end: retraction }
} satisfies Partial<Record<Statement['kind'], { check: string; end: MakeEnd }>>;

type MakeEnd = (by: Statement['by'], cid: string, datanet: string) => Statement;

function retraction(by: Statement['by'], claim: string): Statement {
  return { kind: 'retraction', by, ...common, claim };
}

const signedBy = async (statement: WalletStatement): Promise<WalletSignature> => ({
  ...{ standard: 'EIP-712', address: stranger.address, chainId: 1 },
  value: await stranger.signTypedData(claimOf(statement, 1))
});

const VARIANTS: Record<string, (statement: WalletStatement) => Promise<WalletSignature | undefined>> = {
  'as it was signed': async () => undefined,
  'with the wallet of a stranger': signedBy,
  'with 100 zero bytes as a contract account': async () => ({
    ...{ standard: 'EIP-712', address: stranger.address, chainId: 1 },
    value: `0x${'00'.repeat(100)}`
  })
};

let ada: Identity;
let statements: ReturnType<typeof everyStatement>;
beforeAll(async () => {
  ada = await createIdentity('Ada');
  statements = everyStatement(ada.person, (await createIdentity('Bo')).person);
});

const file = (signed: Signed) => new Blob([canonicalJson(signed)]);

describe.each(Object.keys(ENDED) as (keyof typeof ENDED)[])('a %s that was ended', (kind) => {
  const { check, end } = ENDED[kind];

  it.each(Object.keys(VARIANTS))('is over %s', async (variant) => {
    const statement = statements[kind];
    const signed = await signStatement<Statement>(ada, statement);
    const wallet = await VARIANTS[variant](statement);
    const changed = { ...signed, ...(wallet ? { wallet } : {}) };
    const datanet = 'datanet' in statement ? statement.datanet : '';
    // Whichever of them the ending was made for.
    for (const [made, shown] of [
      [signed, changed],
      [changed, signed]
    ]) {
      const over = await signStatement(ada, end(ada.person, statementCid(made), datanet));
      const options = { now, checkWallet: verifyWalletSignature, related: [file(over)] };
      const { checks } = await verifyFile(file(shown), 'file', options);
      expect(checks.find(({ name }) => name === 'signature')?.state).toBe('holds');
      expect(checks.find(({ name }) => name === check)?.state).toBe('fails');
    }
  });
});

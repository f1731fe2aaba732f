import type { Statement, WalletSignature } from './statements';

/** The kinds that a wallet can sign beside the person's own key: the five claims, and that the wallet is theirs. */
const WALLET_KINDS = [
  ...(['contribution', 'validation', 'access-grant'] as const),
  ...(['run-manifest', 'attribution-receipt', 'wallet-link'] as const)
];

/** Statements that a wallet can sign beside the person's own key. */
export type WalletStatement = Extract<Statement, { kind: (typeof WALLET_KINDS)[number] }>;

/** Whether a wallet can sign it beside the person's own key. */
export function isForWallets(statement: Statement): statement is WalletStatement {
  return (WALLET_KINDS as readonly string[]).includes(statement.kind);
}

/** 65 bytes in hexadecimal: what a plain account signs. */
const PLAIN_SIGNATURE = 2 + 2 * 65;

/** Whether it can only be that of a contract account, so that its chain has to be asked. */
export function isOfContract({ value }: Pick<WalletSignature, 'value'>): boolean {
  return value.length > PLAIN_SIGNATURE;
}

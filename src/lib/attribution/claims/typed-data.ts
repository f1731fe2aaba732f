import type { TypedDataDomain } from 'viem';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';
import { CLAIM_TYPES, fieldsOf, valuesOf } from './fields';

export { isForWallets, type WalletStatement } from '../../datanets/trust/wallet-kinds';

/**
 * What a wallet is asked to sign: EIP-712 typed data, so that the wallet shows each field by its name. The statement
 * itself is bound by `statement`, the CID of its canonical JSON; the other fields say the same for people.
 */
export interface ClaimTypedData {
  domain: TypedDataDomain;
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
}

/**
 * The typed data of a claim (https://eips.ethereum.org/EIPS/eip-712). It has one shape a kind and version: a new shape is
 * a new version of the domain, never a changed one.
 * @param cid of the canonical statement (`cidOfText`)
 * @param chainId of the wallet's network; a signature for one chain does not hold on another
 */
export function typedDataOf(statement: WalletStatement, cid: string, chainId: number): ClaimTypedData {
  const fields = fieldsOf(statement.kind);
  const values = valuesOf(statement, cid);
  const primaryType = CLAIM_TYPES[statement.kind];
  return {
    domain: { name: 'Tabtune', version: '1', chainId },
    primaryType,
    types: { [primaryType]: fields.map(({ name, type }) => ({ name, type })) },
    message: Object.fromEntries(fields.map(({ name }, index) => [name, values[index]]))
  };
}

import type { TypedDataDomain } from 'viem';
import type { Contribution, WalletLink } from '../../datanets/trust/statements';

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

/** Statements that a wallet can sign beside the person's own key. */
export type WalletStatement = Contribution | WalletLink;

/** Typed data has one shape a version: a new shape is a new version, never a changed one. */
const domain = (chainId: number): TypedDataDomain => ({ name: 'Tabtune', version: '1', chainId });

/**
 * @param cid of the canonical statement (`cidOfText`)
 * @param chainId of the wallet's network; a signature for one chain does not hold on another
 */
export function typedDataOf(statement: WalletStatement, cid: string, chainId: number): ClaimTypedData {
  return statement.kind === 'contribution'
    ? contributionData(statement, cid, chainId)
    : linkData(statement, cid, chainId);
}

function contributionData(statement: Contribution, cid: string, chainId: number): ClaimTypedData {
  return {
    domain: domain(chainId),
    primaryType: 'Contribution',
    types: {
      Contribution: [
        { name: 'contributor', type: 'string' },
        { name: 'datanet', type: 'string' },
        { name: 'rows', type: 'uint256' },
        { name: 'rowsRoot', type: 'bytes32' },
        { name: 'source', type: 'string' },
        { name: 'licence', type: 'string' },
        { name: 'created', type: 'string' },
        { name: 'statement', type: 'string' }
      ]
    },
    message: {
      contributor: `${statement.by.name} (${statement.by.id})`,
      datanet: statement.datanet,
      rows: BigInt(statement.rows.count),
      rowsRoot: statement.rows.root,
      source: statement.source,
      licence: statement.licence.spdx,
      created: statement.created,
      statement: cid
    }
  };
}

function linkData(statement: WalletLink, cid: string, chainId: number): ClaimTypedData {
  return {
    domain: domain(chainId),
    primaryType: 'WalletLink',
    types: {
      WalletLink: [
        { name: 'person', type: 'string' },
        { name: 'wallet', type: 'address' },
        { name: 'created', type: 'string' },
        { name: 'statement', type: 'string' }
      ]
    },
    message: {
      person: `${statement.by.name} (${statement.by.id})`,
      wallet: statement.address,
      created: statement.created,
      statement: cid
    }
  };
}

import { canonicalJson } from '../../datanets/canonical';
import { cidOfText } from '../../datanets/content/cid';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';
import { fieldsOf, valuesOf, type ClaimKind } from './fields';

/**
 * Claims as attestations of the Ethereum Attestation Service: a schema for each kind of claim, which has the fields that
 * a wallet shows, and their values in Solidity's ABI. https://docs.attest.org
 */

type Hex = `0x${string}`;

/** No contract takes part when a claim is attested, and whoever attested it can revoke it. */
const RESOLVER: Hex = `0x${'0'.repeat(40)}`;
const REVOCABLE = true;
const NOBODY = RESOLVER;
const NO_UID: Hex = `0x${'0'.repeat(64)}`;

/** What `EAS.attest` and an off-chain attestation have in common. */
export interface EasAttestationData {
  /** UID of the schema. */
  schema: Hex;
  /** Nobody: who is meant is in the claim. */
  recipient: Hex;
  /** Seconds since 1970; 0 for none. */
  expirationTime: bigint;
  revocable: boolean;
  /** Of an attestation that this one is about: none. */
  refUID: Hex;
  /** The values of the claim, ABI-encoded. */
  data: Hex;
}

/** The schema of a kind of claim as EAS registers it: `string contributor,string datanet,…`. */
export function easSchema(kind: ClaimKind): string {
  return fieldsOf(kind)
    .map(({ name, type }) => `${type} ${name}`)
    .join(',');
}

/** What EAS knows the schema by on every chain: keccak256(abi.encodePacked(schema, resolver, revocable)). */
export async function easSchemaUid(kind: ClaimKind): Promise<Hex> {
  const { encodePacked, keccak256 } = await import('viem');
  return keccak256(encodePacked(['string', 'address', 'bool'], [easSchema(kind), RESOLVER, REVOCABLE]));
}

/** A claim's values, ABI-encoded in the order of its schema. */
export async function easData(statement: WalletStatement): Promise<Hex> {
  const { encodeAbiParameters } = await import('viem');
  return encodeAbiParameters(
    fieldsOf(statement.kind).map(({ type }) => ({ type })),
    valuesOf(statement, cidOfText(canonicalJson(statement)))
  );
}

/** What is attested of a claim, on a chain or off it. */
export async function easAttestationOf(statement: WalletStatement): Promise<EasAttestationData> {
  const [schema, data] = await Promise.all([easSchemaUid(statement.kind), easData(statement)]);
  return {
    ...{ schema, recipient: NOBODY, revocable: REVOCABLE, refUID: NO_UID, data },
    expirationTime: BigInt(secondsOf(expiryOf(statement)))
  };
}

function expiryOf(statement: WalletStatement): string | undefined {
  if (statement.kind === 'access-grant') return statement.conditions.expires;
  return 'expires' in statement ? statement.expires : undefined;
}

/** 0 for none, as EAS has it. */
function secondsOf(moment: string | undefined): number {
  return moment === undefined ? 0 : Math.floor(Date.parse(moment) / 1000);
}

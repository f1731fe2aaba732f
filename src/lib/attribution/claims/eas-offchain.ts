import { TabtuneError } from '../../errors';
import type { Signed } from '../../datanets/trust/statements';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';
import { easAttestationOf, type EasAttestationData } from './eas';
import type { EasDeployment } from './eas-deployments';
import type { ClaimTypedData } from './typed-data';

/**
 * Off-chain attestations of EAS, version 2: what would be attested on a chain, signed by a wallet in the domain of EAS on
 * that chain, and known by a UID of its own. https://docs.attest.org/docs/easscan/offchain
 */

type Hex = `0x${string}`;

/** EAS's tools read the signatures of plain accounts only. */
export class OffchainSignatureError extends TabtuneError {}

export const OFFCHAIN_VERSION = 2;
export const OFFCHAIN_DOMAIN = 'EAS Attestation';

/** The EIP-712 type that is signed. */
export const OFFCHAIN_TYPES = {
  Attest: [
    { name: 'version', type: 'uint16' },
    { name: 'schema', type: 'bytes32' },
    { name: 'recipient', type: 'address' },
    { name: 'time', type: 'uint64' },
    { name: 'expirationTime', type: 'uint64' },
    { name: 'revocable', type: 'bool' },
    { name: 'refUID', type: 'bytes32' },
    { name: 'data', type: 'bytes' },
    { name: 'salt', type: 'bytes32' }
  ]
} as const;

export interface OffchainMessage extends EasAttestationData {
  version: typeof OFFCHAIN_VERSION;
  /** Seconds since 1970. */
  time: bigint;
  /** Random, so that nobody finds out by trying what a UID stands for. */
  salt: Hex;
}

/** Where it would be attested: its domain. */
export type OffchainDomain = Pick<EasDeployment, 'chainId' | 'version' | 'address'>;

/** The file: numbers of 64 bits and more are decimal texts. */
export interface OffchainFile {
  sig: {
    version: typeof OFFCHAIN_VERSION;
    uid: Hex;
    domain: { name: string; version: string; chainId: string; verifyingContract: Hex };
    primaryType: 'Attest';
    types: { Attest: { name: string; type: string }[] };
    message: Omit<OffchainMessage, 'time' | 'expirationTime'> & { time: string; expirationTime: string };
    signature: { v: number; r: Hex; s: Hex };
  };
  /** Checksummed (EIP-55). */
  signer: Hex;
  /** What is attested, as its person signed it. EAS's tools pass over it. */
  claim: Signed;
}

/** An attestation that is ready to be signed. */
export interface PreparedOffchain {
  claim: Signed<WalletStatement>;
  domain: OffchainDomain;
  message: OffchainMessage;
  /** What the wallet shows and signs. */
  typedData: ClaimTypedData;
}

/** @param now its time, to the second @param domain of EAS on the chain of the wallet (`easOn`) */
export async function prepareOffchain(
  claim: Signed<WalletStatement>,
  domain: OffchainDomain,
  now: Date
): Promise<PreparedOffchain> {
  const { bytesToHex } = await import('viem');
  const message: OffchainMessage = {
    version: OFFCHAIN_VERSION,
    ...(await easAttestationOf(claim.statement)),
    time: BigInt(Math.floor(now.getTime() / 1000)),
    salt: bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
  };
  return { claim, domain, message, typedData: offchainTypedData(domain, message) };
}

export function offchainTypedData(
  { chainId, version, address }: OffchainDomain,
  message: OffchainMessage
): ClaimTypedData {
  return {
    domain: { name: OFFCHAIN_DOMAIN, version, chainId, verifyingContract: address },
    primaryType: 'Attest',
    types: OFFCHAIN_TYPES,
    message: { ...message }
  };
}

/** What EAS knows an off-chain attestation by: no attester, as the signature names it; the schema's UID as text. */
export async function offchainUid(message: OffchainMessage): Promise<Hex> {
  const { encodePacked, keccak256, stringToHex, zeroAddress } = await import('viem');
  const { version, schema, recipient, time, expirationTime, revocable, refUID, data, salt } = message;
  return keccak256(
    encodePacked(
      [
        ...(['uint16', 'bytes', 'address', 'address', 'uint64', 'uint64'] as const),
        ...(['bool', 'bytes32', 'bytes', 'bytes32', 'uint32'] as const)
      ],
      [
        ...([version, stringToHex(schema), recipient, zeroAddress, time, expirationTime] as const),
        ...([revocable, refUID, data, salt, 0] as const)
      ]
    )
  );
}

/**
 * The file of a signed attestation.
 * @param signer checksummed @param value what the wallet gave for `prepared.typedData`
 * @throws OffchainSignatureError where it is not a plain account's
 */
export async function offchainFile(
  { claim, domain, message, typedData }: PreparedOffchain,
  signer: Hex,
  value: Hex
): Promise<OffchainFile> {
  const { getAddress, parseSignature, recoverTypedDataAddress } = await import('viem');
  let recovered: string;
  try {
    recovered = await recoverTypedDataAddress({ ...typedData, signature: value });
  } catch (cause) {
    throw notPlain(signer, cause);
  }
  if (recovered !== getAddress(signer)) throw notPlain(signer);
  const { r, s, yParity } = parseSignature(value);
  const { chainId, version, address } = domain;
  return {
    sig: {
      ...{ version: OFFCHAIN_VERSION, uid: await offchainUid(message), primaryType: 'Attest' },
      domain: { name: OFFCHAIN_DOMAIN, version, chainId: String(chainId), verifyingContract: address },
      types: { Attest: OFFCHAIN_TYPES.Attest.map((field) => ({ ...field })) },
      message: {
        ...message,
        ...{ time: String(message.time), expirationTime: String(message.expirationTime) }
      },
      signature: { v: 27 + yParity, r, s }
    },
    signer: getAddress(signer),
    claim
  };
}

function notPlain(signer: string, cause?: unknown): OffchainSignatureError {
  return new OffchainSignatureError(
    `What the wallet gave is not the signature of the plain account ${signer}: another account signed, or it is a contract account, which EAS's files cannot hold. Choose a plain account, or attest on the chain.`,
    { details: { signer }, cause }
  );
}

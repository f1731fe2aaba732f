import { encodeFunctionData, type Hex } from 'viem';
import { readContract } from 'viem/actions';
import { prepare, type PreparedAction } from './action';
import { easFor, easStep, type EasAddresses } from './anchor';
import type { Chain, ChainReader } from './chain';
import { easAbi } from './eas-abi';
import { told } from './failures';

/** What a chain knows of an off-chain attestation: milliseconds since 1970. */
export interface OffchainState {
  /** It was there by then: somebody put its UID on the chain. */
  timestamped?: number;
  /** Who signed it took it back. */
  revoked?: number;
}

/**
 * Puts the UID of an off-chain attestation on the chain, and nothing of what it says: proof that it was there by then.
 * @returns an action that gives the transaction's hash
 * @throws EasMissingError and what `prepare` throws
 */
export function prepareTimestamp(chain: Chain, uid: Hex, given?: EasAddresses): Promise<PreparedAction<Hex>> {
  return prepareNote(chain, given, {
    title: `Timestamp the attestation on ${chain.name}`,
    words: `Notes ${uid}, and nothing of what it stands for`,
    data: encodeFunctionData({ abi: easAbi, functionName: 'timestamp', args: [uid] })
  });
}

/**
 * Takes an off-chain attestation back, for all who ask this chain. Holds for those that the same account signed.
 * @returns an action that gives the transaction's hash
 * @throws EasMissingError and what `prepare` throws
 */
export function prepareRevokeOffchain(
  chain: Chain,
  uid: Hex,
  given?: EasAddresses
): Promise<PreparedAction<Hex>> {
  return prepareNote(chain, given, {
    title: `Revoke the off-chain attestation on ${chain.name}`,
    words: `Notes that ${chain.account} takes ${uid} back. This cannot be undone`,
    data: encodeFunctionData({ abi: easAbi, functionName: 'revokeOffchain', args: [uid] })
  });
}

async function prepareNote(
  chain: Chain,
  given: EasAddresses | undefined,
  { title, words, data }: { title: string; words: string; data: Hex }
): Promise<PreparedAction<Hex>> {
  const eas = await easFor(chain, given);
  return prepare(chain, {
    title,
    words: [`${words}: with the Ethereum Attestation Service ${eas.address}, by ${chain.account}.`],
    steps: [easStep(eas, 'note the attestation', data)],
    result: ([{ transactionHash }]) => transactionHash
  });
}

/** @param signer who signed the attestation @throws EasMissingError, ChainError */
export async function readOffchain(
  chain: ChainReader,
  uid: Hex,
  signer: Hex,
  given?: EasAddresses
): Promise<OffchainState> {
  const { address } = await easFor(chain, given);
  const contract = { address, abi: easAbi } as const;
  const [timestamped, revoked] = await told({ what: 'look an attestation up', chain: chain.name }, () =>
    Promise.all([
      readContract(chain.client, { ...contract, functionName: 'getTimestamp', args: [uid] }),
      readContract(chain.client, { ...contract, functionName: 'getRevokeOffchain', args: [signer, uid] })
    ])
  );
  return {
    ...(timestamped > 0n && { timestamped: Number(timestamped) * 1000 }),
    ...(revoked > 0n && { revoked: Number(revoked) * 1000 })
  };
}

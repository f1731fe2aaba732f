/** What an EAS contract says of attestations: read alike by who verifies a file and by who sends to the chain. */
import type { ChainRequest } from '../../datanets/verify/chain-request';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';
import { AskedChain } from './asked-chain';
import { easAttestationOf } from './eas';

type Hex = `0x${string}`;

/** The same in all versions of EAS. https://github.com/ethereum-attestation-service/eas-contracts */
export const EAS_READING = [
  'struct Attestation { bytes32 uid; bytes32 schema; uint64 time; uint64 expirationTime; uint64 revocationTime; bytes32 refUID; address recipient; address attester; bool revocable; bytes data; }',
  'function getAttestation(bytes32 uid) view returns (Attestation)',
  'function getRevokeOffchain(address revoker, bytes32 data) view returns (uint64)',
  'event Attested(address indexed recipient, address indexed attester, bytes32 uid, bytes32 indexed schemaUID)'
] as const;

/** Of an attestation, as `getAttestation` gives it: all of it zero where there is none. */
export interface EasRecord {
  uid: Hex;
  schema: Hex;
  /** Seconds since 1970, as the others; 0 for none. */
  time: bigint;
  expirationTime: bigint;
  revocationTime: bigint;
  attester: Hex;
  data: Hex;
}

/** What of an attestation is not as the claim has it, in words; none where it attests that very claim. */
export async function differencesFrom(
  found: Pick<EasRecord, 'schema' | 'data' | 'expirationTime'>,
  statement: WalletStatement
): Promise<string[]> {
  const claim = await easAttestationOf(statement);
  return [
    ...(found.schema === claim.schema ? [] : [`it is of another schema, ${found.schema}`]),
    ...(found.data === claim.data ? [] : ['its fields hold something else']),
    ...(found.expirationTime === claim.expirationTime ? [] : ['it expires at another time'])
  ];
}

/** An EAS contract, asked through whoever asks its chain for the person. */
export class AskedEas {
  readonly #chain: AskedChain;
  readonly #address: Hex;

  private constructor(chain: AskedChain, address: Hex) {
    this.#chain = chain;
    this.#address = address;
  }

  /** @throws ChainUnavailableError where nobody answers, or who answers is on another chain */
  static async open(chainId: number, address: Hex, ask: ChainRequest): Promise<AskedEas> {
    return new AskedEas(await AskedChain.open(chainId, ask), address);
  }

  /** Undefined where no contract answers as EAS does. @throws ChainUnavailableError */
  async attestation(uid: Hex): Promise<EasRecord | undefined> {
    const { decodeFunctionResult, encodeFunctionData, parseAbi } = await import('viem');
    const call = { abi: parseAbi(EAS_READING), functionName: 'getAttestation' } as const;
    const answer = await this.#call(encodeFunctionData({ ...call, args: [uid] }));
    if (answer === undefined) return undefined;
    try {
      return decodeFunctionResult({ ...call, data: answer });
    } catch {
      // What is no attestation was not said by EAS.
      return undefined;
    }
  }

  /**
   * When a signer revoked an off-chain attestation: seconds since 1970; 0 where never; undefined where no contract answers
   * as EAS does.
   * @throws ChainUnavailableError
   */
  async revokedOffchain(signer: Hex, uid: Hex): Promise<bigint | undefined> {
    const { encodeFunctionData, parseAbi } = await import('viem');
    const call = { abi: parseAbi(EAS_READING), functionName: 'getRevokeOffchain' } as const;
    const answer = await this.#call(encodeFunctionData({ ...call, args: [signer, uid] }));
    return answer !== undefined && /^0x[0-9a-f]{64}$/i.test(answer) ? BigInt(answer) : undefined;
  }

  /**
   * Whether a transaction made an attestation; undefined where the node does not know the transaction, or no longer.
   * @throws ChainUnavailableError
   */
  async madeBy(transaction: Hex, uid: Hex): Promise<boolean | undefined> {
    const answer = await this.#chain.asked(() =>
      this.#chain.request({ method: 'eth_getTransactionReceipt', params: [transaction] })
    );
    if (typeof answer !== 'object' || answer === null) return undefined;
    const { isAddressEqual, parseAbi, parseEventLogs } = await import('viem');
    try {
      const { logs } = answer as { logs: Parameters<typeof parseEventLogs>[0]['logs'] };
      return parseEventLogs({ abi: parseAbi(EAS_READING), eventName: 'Attested', logs }).some(
        ({ address, args }) => isAddressEqual(address, this.#address) && args.uid === uid
      );
    } catch {
      // No receipt at all, whatever the node calls it.
      return undefined;
    }
  }

  /** Undefined where the contract refuses, or there is none. */
  async #call(data: Hex): Promise<Hex | undefined> {
    const params = [{ to: this.#address, data }, 'latest'];
    let answer: unknown;
    try {
      answer = await this.#chain.request({ method: 'eth_call', params });
    } catch (error) {
      if (this.#chain.failure !== undefined) throw this.#chain.unavailable(error);
      return undefined;
    }
    return typeof answer === 'string' && /^0x[0-9a-f]+$/i.test(answer) ? (answer as Hex) : undefined;
  }
}

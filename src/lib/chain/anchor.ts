import {
  encodeFunctionData,
  parseEventLogs,
  size,
  zeroAddress,
  zeroHash,
  type Address,
  type Hex
} from 'viem';
import { readContract } from 'viem/actions';
import { easAttestationOf, easSchema, type EasAttestationData } from '../attribution/claims/eas';
import { easChains, easOn, type EasDeployment } from '../attribution/claims/eas-deployments';
import { CLAIM_TYPES, fieldsOf, valuesOf } from '../attribution/claims/fields';
import { canonicalJson } from '../datanets/canonical';
import { cidOfText } from '../datanets/content/cid';
import type { WalletStatement } from '../datanets/trust/wallet-kinds';
import { TabtuneError } from '../errors';
import { prepare, type PreparedAction, type Step } from './action';
import type { Chain, ChainReader } from './chain';
import { easAbi, registryAbi } from './eas-abi';
import { told } from './failures';
import { factsOf, knownChain } from './known';

/** Nobody published EAS on the chain. */
export class EasMissingError extends TabtuneError {}

/** The attestation cannot be revoked by this account: not there, revoked before, or another's. */
export class RevokeError extends TabtuneError {}

/** Addresses of EAS; where they are not given, those published for the chain. */
export type EasAddresses = Pick<EasDeployment, 'address' | 'schemaRegistry'>;

/** An attestation of a claim, as `ClaimWorker.noteAnchor` keeps it. */
export interface Anchored {
  chainId: number;
  uid: Hex;
  transaction: Hex;
  /** Checksummed. */
  attester: Address;
  /** Of the block, milliseconds since 1970. */
  created: number;
  /** Of EAS, where its address was given. */
  contract?: Address;
}

/** @throws EasMissingError, which names chains that have it */
export async function easFor(chain: ChainReader, given?: EasAddresses): Promise<EasAddresses> {
  const found = given ?? easOn(chain.id);
  if (found) return found;
  const names = await Promise.all(easChains().map(async (id) => factsOf(id, await knownChain(id)).name));
  throw new EasMissingError(
    `Nobody published the Ethereum Attestation Service on ${chain.name}. Switch the wallet to a network that has it: ${names.join(', ')}.`,
    { details: { chainId: chain.id, chains: easChains() } }
  );
}

/**
 * Attests a claim on the chain, for everybody to see. The schema of its kind is registered first where the chain lacks it.
 * @throws EasMissingError and what `prepare` throws
 */
export async function prepareAnchor(
  chain: Chain,
  statement: WalletStatement,
  given?: EasAddresses
): Promise<PreparedAction<Anchored>> {
  const eas = await easFor(chain, given);
  const attestation = await easAttestationOf(statement);
  const attest = attestStep(eas, attestation);
  const registered = await hasSchema(chain, eas, attestation.schema);
  const kind = CLAIM_TYPES[statement.kind];
  const values = valuesOf(statement, cidOfText(canonicalJson(statement)));
  return prepare(chain, {
    title: `Anchor the claim on ${chain.name}`,
    words: [
      ...(registered
        ? []
        : [
            `Registers the schema of ${kind} claims with the registry ${eas.schemaRegistry}: nobody did so on ${chain.name} yet.`
          ]),
      `Attests the ${kind} with the Ethereum Attestation Service ${eas.address}, by ${chain.account}.`,
      `Everybody can read it there for good, also after it is revoked: ${fieldsOf(statement.kind)
        .map(({ name }, index) => `${name}: ${String(values[index])}`)
        .join('; ')}.`
    ],
    steps: registered
      ? [attest]
      : [registerStep(eas, statement), { ...attest, gas: attestBound(attestation.data) }],
    async result(receipts) {
      const receipt = receipts.at(-1)!;
      const [{ args }] = parseEventLogs({ abi: easAbi, eventName: 'Attested', logs: receipt.logs });
      return {
        chainId: chain.id,
        uid: args.uid,
        transaction: receipt.transactionHash,
        attester: args.attester,
        created: await chain.momentOf(receipt),
        ...(given && { contract: given.address })
      };
    }
  });
}

/**
 * Ends an attestation, which stays to be read. Only who attested can.
 * @returns an action that gives the transaction's hash
 * @throws RevokeError, EasMissingError and what `prepare` throws
 */
export async function prepareRevoke(
  chain: Chain,
  uid: Hex,
  given?: EasAddresses
): Promise<PreparedAction<Hex>> {
  const eas = await easFor(chain, given);
  const { schema, attester, revocationTime, ...found } = await attestationOf(chain, eas, uid);
  const objection =
    found.uid === zeroHash
      ? 'there is no such attestation'
      : attester !== chain.account
        ? `${attester} attested it, and only that account can revoke it; choose it in the wallet`
        : revocationTime > 0n
          ? 'it has been revoked before'
          : undefined;
  if (objection) {
    throw new RevokeError(`The attestation ${uid} on ${chain.name} cannot be revoked: ${objection}.`, {
      details: { uid, chainId: chain.id, attester }
    });
  }
  const args = [{ schema, data: { uid, value: 0n } }] as const;
  const data = encodeFunctionData({ abi: easAbi, functionName: 'revoke', args });
  return prepare(chain, {
    title: `Revoke the anchor on ${chain.name}`,
    words: [
      `Revokes the attestation ${uid} with the Ethereum Attestation Service ${eas.address}, by ${chain.account}.`,
      'It stays to be read, marked as revoked. This cannot be undone.'
    ],
    steps: [easStep(eas, 'revoke the attestation', data)],
    result: ([{ transactionHash }]) => transactionHash
  });
}

async function hasSchema(chain: ChainReader, eas: EasAddresses, uid: Hex): Promise<boolean> {
  const { schemaRegistry: address } = eas;
  const record = await told({ what: 'look a schema up', chain: chain.name }, () =>
    readContract(chain.client, { address, abi: registryAbi, functionName: 'getSchema', args: [uid] })
  );
  return record.uid === uid;
}

function attestationOf(chain: ChainReader, { address }: EasAddresses, uid: Hex) {
  return told({ what: 'look an attestation up', chain: chain.name }, () =>
    readContract(chain.client, { address, abi: easAbi, functionName: 'getAttestation', args: [uid] })
  );
}

function registerStep({ schemaRegistry }: EasAddresses, { kind }: WalletStatement): Step {
  const args = [easSchema(kind), zeroAddress, true] as const;
  const data = encodeFunctionData({ abi: registryAbi, functionName: 'register', args });
  return { call: { to: schemaRegistry, data }, what: 'register the schema', abi: registryAbi };
}

function attestStep(eas: EasAddresses, { schema, ...data }: EasAttestationData): Step {
  const args = [{ schema, data: { ...data, value: 0n } }] as const;
  return easStep(eas, 'attest the claim', encodeFunctionData({ abi: easAbi, functionName: 'attest', args }));
}

/** A call of EAS. */
export function easStep({ address }: EasAddresses, what: string, data: Hex): Step {
  return { call: { to: address, data }, what, abi: easAbi };
}

/**
 * The most gas that `attest` takes, where it cannot be tried out: what every transaction takes, its data (EIP-2028), a new
 * slot of storage (EIP-2929) for each of the attestation's seven fields and for each 32 bytes, and the steps between.
 */
function attestBound(data: Hex): bigint {
  const words = BigInt(Math.ceil(size(data) / 32));
  return 21_000n + 16n * 32n * (words + 16n) + 22_100n * (words + 8n) + 40_000n + 500n * words;
}

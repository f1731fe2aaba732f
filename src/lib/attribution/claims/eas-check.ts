import { z } from 'zod';
import { canonicalJson } from '../../datanets/canonical';
import { momentWords } from '../../datanets/policy/sentences';
import { readForm } from '../../datanets/trust/sign';
import { short } from '../../datanets/trust/short';
import type { Signed } from '../../datanets/trust/statements';
import { isForWallets } from '../../datanets/trust/wallet-kinds';
import type { Related } from '../../datanets/verify/related';
import type { CheckAttestation, CheckList, VerifyOptions } from '../../datanets/verify/report';
import { easAttestationOf, easSchemaUid } from './eas';
import { easOn } from './eas-deployments';
import { AskedEas } from './eas-reading';
import { CLAIM_TYPES, fieldsOf, type ClaimKind } from './fields';
import {
  OFFCHAIN_DOMAIN,
  OFFCHAIN_TYPES,
  OFFCHAIN_VERSION,
  offchainTypedData,
  offchainUid,
  type OffchainMessage
} from './eas-offchain';

type Hex = `0x${string}`;

const hexOf = (pattern: RegExp, what: string) =>
  z.string().regex(pattern, `is not ${what}`) as unknown as z.ZodType<Hex>;
const bytes32 = hexOf(/^0x[0-9a-f]{64}$/, '0x and 64 hexadecimal digits');
const address = hexOf(/^0x[0-9a-fA-F]{40}$/, 'an address');
/** Up to 2^64 - 1, which all of its digits are. */
const uint64 = z.string().regex(/^(?:0|[1-9]\d{0,18})$/, 'is not a whole number in decimal digits');

/** How far a clock may be behind another before a date counts as one of the future. */
const CLOCK_SECONDS = 600;
const KINDS = Object.keys(CLAIM_TYPES) as ClaimKind[];
/** Of one field that the words show. */
const MAX_SHOWN = 300;

/** Closed, as everything that is read: EAS's own tools leave out what they do not know. */
const schema = z.strictObject({
  sig: z.strictObject({
    version: z.literal(OFFCHAIN_VERSION),
    uid: bytes32,
    domain: z.strictObject({
      name: z.literal(OFFCHAIN_DOMAIN),
      version: z.string().min(1).max(40),
      chainId: z.string().regex(/^[1-9]\d{0,14}$/, 'is not the id of a chain'),
      verifyingContract: address
    }),
    primaryType: z.literal('Attest'),
    types: z
      .strictObject({ Attest: z.array(z.strictObject({ name: z.string(), type: z.string() })).max(16) })
      .refine((types) => canonicalJson(types) === canonicalJson(OFFCHAIN_TYPES), 'is not what EAS signs'),
    message: z.strictObject({
      version: z.literal(OFFCHAIN_VERSION),
      schema: bytes32,
      recipient: address,
      time: uint64,
      expirationTime: uint64,
      revocable: z.boolean(),
      refUID: bytes32,
      data: hexOf(/^0x(?:[0-9a-f]{2})*$/, 'bytes in hexadecimal'),
      salt: bytes32
    }),
    signature: z.strictObject({ v: z.literal([27, 28]), r: bytes32, s: bytes32 })
  }),
  signer: address,
  claim: z.unknown().optional()
});

type File = z.infer<typeof schema>;

/**
 * Checks of an off-chain attestation of EAS: `form`, `uid`, `signer`, `EAS` (whether it is of the published contract),
 * `date`, `expiry`, `schema`, `attested claim` (whether its data is that of a claim that is in it, or was given with it),
 * `revocation on the chain`. The claim's own checks are made by who reads the file.
 */
export const checkAttestation: CheckAttestation = async (list, json, related, options) => {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    const field = path.map((step) => String(step).slice(0, 40)).join('.') || 'it';
    list.fails('form', `This is not an attestation that can be read: ${field}: ${message}.`);
    return [];
  }
  const file = parsed.data;
  list.holds('form', 'Every field is one that an off-chain attestation of EAS has (version 2).');
  const message = messageOf(file);
  await checkUid(list, file, message);
  await checkSigner(list, file, message);
  checkDeployment(list, file);
  checkTimes(list, message, options.now);
  const kind = await kindOf(list, message.schema);
  const words = kind ? await wordsOf(list, kind, file) : [];
  if (kind) await checkClaim(list, kind, file, message, related);
  await checkRevocation(list, file, options);
  return words;
};

function messageOf({ sig: { message } }: File): OffchainMessage {
  return { ...message, time: BigInt(message.time), expirationTime: BigInt(message.expirationTime) };
}

async function checkUid(list: CheckList, { sig }: File, message: OffchainMessage): Promise<void> {
  const uid = await offchainUid(message);
  list.expect(
    'uid',
    uid === sig.uid,
    'The UID is the one that EAS gives to such an attestation.',
    `EAS would give such an attestation another UID: ${short(uid)}.`
  );
}

async function checkSigner(
  list: CheckList,
  { sig: { domain, signature }, signer }: File,
  message: OffchainMessage
): Promise<void> {
  const { getAddress, recoverTypedDataAddress, serializeSignature } = await import('viem');
  const chainId = Number(domain.chainId);
  const typedData = offchainTypedData(
    { chainId, version: domain.version, address: domain.verifyingContract },
    message
  );
  const { r, s, v } = signature;
  // What no key can have made is made by nobody.
  const recovered = await recoverTypedDataAddress({
    ...typedData,
    signature: serializeSignature({ r, s, yParity: v - 27 })
  }).catch(() => undefined);
  list.expect(
    'signer',
    recovered === signer && getAddress(signer) === signer,
    `Signed by the wallet ${signer}, for EAS on chain ${chainId} (EIP-712).`,
    `It is not signed by ${signer}: something in it was changed, or another account or chain signed it.`
  );
}

function checkDeployment(list: CheckList, { sig: { domain } }: File): void {
  const name = 'EAS';
  const chainId = Number(domain.chainId);
  const published = easOn(chainId);
  if (!published) {
    list.unknown(
      name,
      `That ${domain.verifyingContract} is EAS on chain ${chainId} is not known here: nobody published one there.`
    );
    return;
  }
  list.expect(
    name,
    published.address === domain.verifyingContract,
    `The contract that it names is the one that EAS published on chain ${chainId}.`,
    `EAS on chain ${chainId} is ${published.address}, and it names another contract.`
  );
}

function checkTimes(list: CheckList, { time, expirationTime }: OffchainMessage, now: Date): void {
  const seconds = BigInt(Math.floor(now.getTime() / 1000));
  list.expect(
    'date',
    time <= seconds + BigInt(CLOCK_SECONDS),
    `It says to be of ${secondsWords(time)}. That is its signer’s own clock.`,
    `It says to be of ${secondsWords(time)}, which is in the future.`
  );
  if (expirationTime === 0n) list.holds('expiry', 'It has no end date.');
  else {
    list.expect(
      'expiry',
      seconds < expirationTime,
      `It runs until ${secondsWords(expirationTime)}.`,
      `It is over since ${secondsWords(expirationTime)}.`
    );
  }
}

/** The last moment that `Date` can hold: 13 September 275760. */
const LAST_SECOND = 8_640_000_000_000n;

export function secondsWords(seconds: bigint): string {
  if (seconds > LAST_SECOND) return `second ${seconds} since 1970`;
  return momentWords(new Date(Number(seconds) * 1000).toISOString());
}

async function kindOf(list: CheckList, uid: Hex): Promise<ClaimKind | undefined> {
  const name = 'schema';
  for (const kind of KINDS) {
    if ((await easSchemaUid(kind)) !== uid) continue;
    list.holds(name, `Its schema is that of Tabtune’s ${CLAIM_TYPES[kind]} claims.`);
    return kind;
  }
  list.fails(name, `Its schema ${short(uid)} is none of Tabtune’s: what its data means cannot be said.`);
  return undefined;
}

/** The fields, as whoever reads the attestation alone sees them. */
async function wordsOf(list: CheckList, kind: ClaimKind, { sig: { message } }: File): Promise<string[]> {
  const { decodeAbiParameters } = await import('viem');
  const fields = fieldsOf(kind) as readonly { name: string; type: string }[];
  let values: readonly unknown[];
  try {
    values = decodeAbiParameters(
      fields.map(({ type }) => ({ type })),
      message.data
    );
  } catch {
    list.fails('data', 'Its data is not made of the fields of its schema.');
    return [];
  }
  list.holds('data', `Its data has the ${fields.length} fields of its schema.`);
  return fields.map(({ name }, index) => {
    const text = String(values[index]);
    return `${name}: ${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…`.toWellFormed() : text}`;
  });
}

async function checkClaim(
  list: CheckList,
  kind: ClaimKind,
  { claim: given }: File,
  message: OffchainMessage,
  related: Related
): Promise<void> {
  const name = 'attested claim';
  await list.attempt(name, async () => {
    const claim = given === undefined ? await besides(message.data, kind, related) : readForm(given);
    if (!claim) {
      list.unknown(
        name,
        'The claim that it attests is not in it, and was not given with it. Without it, only these fields are known.'
      );
      return;
    }
    if (!isForWallets(claim.statement) || claim.statement.kind !== kind) {
      list.fails(name, `It attests a ${CLAIM_TYPES[kind]}, and brings a ${claim.statement.kind}.`);
      return;
    }
    const wanted = await easAttestationOf(claim.statement);
    const differs = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(
      (field) => wanted[field] !== message[field]
    );
    list.expect(
      name,
      differs.length === 0,
      'What is attested is that claim, every field included.',
      `What is attested is not that claim: it differs in ${differs.join(', ')}.`
    );
  });
}

/** The claim that the last field of the data names, among what was given with the attestation. */
async function besides(data: Hex, kind: ClaimKind, related: Related): Promise<Signed | undefined> {
  const { decodeAbiParameters } = await import('viem');
  const fields = fieldsOf(kind) as readonly { type: string }[];
  try {
    const values = decodeAbiParameters(
      fields.map(({ type }) => ({ type })),
      data
    );
    return related.said(String(values.at(-1)));
  } catch {
    // That it cannot be read is said already: see `data`.
    return undefined;
  }
}

async function checkRevocation(list: CheckList, file: File, { chain }: VerifyOptions): Promise<void> {
  const name = 'revocation on the chain';
  const { sig, signer } = file;
  const chainId = Number(sig.domain.chainId);
  if (!chain) {
    list.unknown(name, `Whether its signer revoked it, only chain ${chainId} can tell.`, chainId);
    return;
  }
  await list.attempt(name, async () => {
    const eas = await AskedEas.open(chainId, sig.domain.verifyingContract, chain);
    const revoked = await eas.revokedOffchain(signer, sig.uid);
    if (revoked === undefined) {
      list.fails(name, `There is no EAS at ${sig.domain.verifyingContract} on chain ${chainId}.`);
    } else {
      list.expect(
        name,
        revoked === 0n,
        `On chain ${chainId}, its signer has not revoked it.`,
        `Its signer revoked it on ${secondsWords(revoked)}, as chain ${chainId} has it.`
      );
    }
  });
}

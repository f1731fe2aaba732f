import type { Signed } from '../../datanets/trust/statements';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';
import type { Anchor } from '../../datanets/verify/anchor-file';
import type { CheckAnchor, CheckList } from '../../datanets/verify/report';
import { secondsWords } from './eas-check';
import { easOn, networkOf } from './eas-deployments';
import { AskedEas, differencesFrom, type EasRecord } from './eas-reading';

type Hex = `0x${string}`;

/**
 * Checks of a claim's attestation on a chain: `EAS` (whether it is of the published contract), `anchor` (whether the chain
 * has it, of exactly this claim, and it stands), `transaction` (whether that is where it was made).
 */
export const checkAnchor: CheckAnchor = async (list, claim, anchor, { now, chain }) => {
  const { chainId } = anchor;
  const contract = await contractOf(list, anchor);
  if (!contract) return;
  if (!chain) {
    const where = networkOf(chainId).name;
    list.unknown(
      'anchor',
      `Whether ${where} has the attestation ${anchor.uid}, and whether it stands, only ${where} can tell: ask it through a wallet, or with --rpc on the command line.`,
      chainId
    );
    return;
  }
  await list.attempt('anchor', async () => {
    const eas = await AskedEas.open(chainId, contract, chain);
    const uid = anchor.uid as Hex;
    const found = await eas.attestation(uid);
    const objection = await objectionTo(found, claim.statement, uid, contract, now);
    list.expect(
      'anchor',
      objection === undefined,
      found ? standing(found, claim, chainId) : '',
      objection ?? ''
    );
    if (found?.uid === uid) await checkTransaction(list, eas, anchor);
  });
};

/** The contract that is asked, undefined where there is none: `EAS` says so. */
async function contractOf(list: CheckList, { chainId, contract }: Anchor): Promise<Hex | undefined> {
  const name = 'EAS';
  const { getAddress } = await import('viem');
  const published = easOn(chainId)?.address;
  if (contract === undefined) {
    list.expect(
      name,
      published !== undefined,
      `The contract is the one that EAS published on chain ${chainId}: ${published}.`,
      `The file names no contract, and nobody published EAS on chain ${chainId}.`
    );
    return published;
  }
  if (getAddress(contract) !== contract) {
    list.fails(name, `The address ${contract} is not written with its checksum (EIP-55): it was changed.`);
    return undefined;
  }
  if (!published) {
    list.unknown(
      name,
      `That ${contract} is EAS on chain ${chainId} is not known here: nobody published one there. Another contract can say anything.`
    );
    return contract as Hex;
  }
  list.expect(
    name,
    published === contract,
    `The contract that it names is the one that EAS published on chain ${chainId}.`,
    `EAS on chain ${chainId} is ${published}, and it names another contract, which can say anything.`
  );
  return contract as Hex;
}

/** Why the chain does not hold the claim. */
async function objectionTo(
  found: EasRecord | undefined,
  statement: WalletStatement,
  uid: Hex,
  contract: Hex,
  now: Date
): Promise<string | undefined> {
  if (!found) return `There is no EAS at ${contract} on that chain.`;
  if (found.uid !== uid) return `The chain has no attestation ${uid}.`;
  const by = `${found.attester} attested it on ${secondsWords(found.time)}`;
  const differs = await differencesFrom(found, statement);
  if (differs.length > 0) return `The attestation is not of this claim: ${differs.join(', ')}. ${by}.`;
  if (found.revocationTime > 0n) return `${by}, and revoked it on ${secondsWords(found.revocationTime)}.`;
  if (found.expirationTime > 0n && found.expirationTime * 1000n <= BigInt(now.getTime())) {
    return `${by}, until ${secondsWords(found.expirationTime)}, which is over.`;
  }
  return undefined;
}

function standing(
  { attester, time }: EasRecord,
  { wallet }: Pick<Signed, 'wallet'>,
  chainId: number
): string {
  const whose =
    wallet?.address === attester
      ? 'the account that signed the claim, too'
      : 'an account that did not sign the claim: whose it is, this does not say';
  return `${attester}, ${whose}, attested exactly this claim on ${secondsWords(time)} on ${networkOf(chainId).name}, and has not revoked it.`;
}

async function checkTransaction(list: CheckList, eas: AskedEas, anchor: Anchor): Promise<void> {
  const name = 'transaction';
  const { chainId, transaction, uid } = anchor;
  await list.attempt(name, async () => {
    const made = await eas.madeBy(transaction as Hex, uid as Hex);
    if (made === undefined) {
      list.unknown(
        name,
        `Who was asked does not know the transaction ${transaction}, or no longer: nodes forget old ones. The attestation is there none the less.`,
        chainId
      );
    } else {
      list.expect(
        name,
        made,
        'The attestation was made in the transaction that the file names.',
        `The transaction ${transaction} did not make this attestation.`
      );
    }
  });
}

import { canonicalJson } from '../canonical';
import { momentWords, quoted } from '../policy/sentences';
import { readForm, verifySigned } from '../trust/sign';
import type { Signed } from '../trust/statements';
import { short } from '../trust/short';
import { isForWallets } from '../trust/wallet-kinds';
import type { CheckList, VerifyOptions } from './report';

/** How far a clock may be behind another before a date counts as one of the future. */
const CLOCK_MINUTES = 10;

/** A statement as far as it can be believed. */
export interface SignedLook {
  /** It has the form of one: what it says can be shown. */
  signed: Signed;
  /** The signature holds: it was said by who it names. */
  authentic: boolean;
}

/**
 * Checks of one signed statement that need nothing else: `form`, `signature`, `date`, `expiry`, `wallet`.
 * @param json what `JSON.parse` made of `text`
 * @returns undefined where it has not the form of one
 */
export async function checkSigned(
  list: CheckList,
  text: string,
  json: unknown,
  options: VerifyOptions
): Promise<SignedLook | undefined> {
  const signed = await list.attempt('form', () => readForm(json));
  if (!signed) {
    list.unknown(
      'signature',
      'Without the form of a statement there is nothing that a signature could be of.'
    );
    return undefined;
  }
  list.expect(
    'form',
    canonicalJson(signed) === text,
    'Every field is one that such a statement has, and it is written in the one canonical form (RFC 8785).',
    'It is not written in its canonical form: something was added to the file, or it was reformatted.'
  );
  const { by } = signed.statement;
  const authentic = await list.attempt(
    'signature',
    () => verifySigned(json),
    `Signed by ${quoted(by.name)} with the key ${short(by.id.slice('did:key:'.length))} (ES256), every field included. ` +
      'Whose key that is, only they can tell you.'
  );
  checkDate(list, signed, options.now);
  await checkWalletOf(list, signed, options);
  return { signed, authentic: authentic !== undefined };
}

function checkDate(list: CheckList, { statement }: Signed, now: Date): void {
  const { created, kind } = statement;
  const latest = now.getTime() + CLOCK_MINUTES * 60_000;
  list.expect(
    'date',
    Date.parse(created) <= latest,
    `It says to be of ${momentWords(created)}. That is its signer’s own clock, and nobody else's.`,
    `It says to be of ${momentWords(created)}, which is in the future: now it is ${momentWords(now.toISOString())}.`
  );
  const end =
    kind === 'access-grant'
      ? statement.conditions
      : kind === 'invitation' || kind === 'run-manifest' || kind === 'attribution-receipt'
        ? statement
        : undefined;
  if (!end) return;
  const { expires } = end;
  if (expires === undefined) list.holds('expiry', 'It has no end date.');
  else {
    list.expect(
      'expiry',
      now.getTime() < Date.parse(expires),
      `It runs until ${momentWords(expires)}.`,
      `It is over since ${momentWords(expires)}.`
    );
  }
}

async function checkWalletOf(
  list: CheckList,
  { statement, wallet }: Signed,
  { checkWallet, chain }: VerifyOptions
): Promise<void> {
  const name = 'wallet';
  if (!isForWallets(statement)) return;
  if (!wallet) {
    if (statement.kind === 'wallet-link')
      list.fails(name, 'The signature of the wallet that it names is missing.');
  } else if (!checkWallet) {
    list.unknown(name, `The signature of the wallet ${wallet.address} was not checked here.`);
  } else {
    await list.attempt(
      name,
      () => checkWallet(statement, wallet, chain),
      statement.kind === 'wallet-link'
        ? `The wallet ${wallet.address} signed the same (EIP-712, chain ${wallet.chainId}).`
        : `The wallet ${wallet.address} signed the same (EIP-712, chain ${wallet.chainId}). Whose wallet that is, this does not say: only a link between the two does.`
    );
  }
}

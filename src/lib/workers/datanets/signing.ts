/** From what a page asks for to a signed statement: made, shown in words, signed as shown, and put into effect. */
import type { PaceOptions } from '../../datanets/pace';
import { readForm, requireSignable, signStatement } from '../../datanets/trust/sign';
import type { Statement, WalletSignature } from '../../datanets/trust/statements';
import { ChainUnavailableError, type ChainRequest } from '../../datanets/verify/chain-request';
import { isForWallets, isOfContract } from '../../datanets/trust/wallet-kinds';
import { wordsOf } from '../../datanets/trust/words';
import { acceptWalletSignature } from '../../attribution/claims/wallet-signature';
import { TabtuneError } from '../../errors';
import { makeClaim } from '../claims/making';
import { signedFile } from './exchange-files';
import type { People } from './exchange-people';
import type { DatanetEvent, PreparedStatement, SignedFile, StatementRequest } from './protocol';
import { CannotSignError, type Desk, type Made } from './signing-desk';
import { makeContribution, makeVersion } from './signing-rows';
import { makeStatement } from './signing-statements';

/** What was prepared is not held any more: it was signed already, or the page was loaded anew. */
export class NotPreparedError extends TabtuneError {}

/** Prepared statements that are held: each may hold the rows of a version, and people sign one at a time. */
const HELD = 2;

export class Signing {
  readonly #desk: Omit<Desk, 'identity' | 'now'>;
  readonly #people: People;
  readonly #now: () => Date;
  readonly #held = new Map<string, Made>();

  constructor(desk: Omit<Desk, 'identity' | 'now'>, people: People, now: () => Date) {
    this.#desk = desk;
    this.#people = people;
    this.#now = now;
  }

  /** Makes a statement and holds it. Nothing is signed or stored. @throws CannotSignError, InvalidStatementError, the abort reason */
  async prepare(
    request: StatementRequest,
    onEvent: (event: DatanetEvent) => void,
    signal?: AbortSignal
  ): Promise<PreparedStatement> {
    const identity = await this.#people.identity();
    if (identity.person.name === '') {
      throw new CannotSignError('Give yourself a name first: it stands in everything that you sign.');
    }
    const desk: Desk = { ...this.#desk, identity, now: this.#now() };
    const paced = (phase: 'hashing' | 'sealing'): PaceOptions => ({
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onEvent({ phase, done, total })
    });
    const made = await make(desk, request, paced);
    requireSignable(made.statement);
    const prepared = crypto.randomUUID();
    for (const old of [...this.#held.keys()].slice(0, -(HELD - 1))) this.#held.delete(old);
    this.#held.set(prepared, made);
    return { prepared, statement: made.statement, words: wordsOf(made.statement), warnings: made.warnings };
  }

  /**
   * Signs exactly what was prepared, and puts it into effect.
   * @param given a wallet's signature of the same, for claims and links to wallets
   * @param chain asks the wallet's chain, where the account is a contract: nobody else can tell what it accepts
   * @throws NotPreparedError, CannotSignError, WalletSignatureError, or what keeps it from being stored: then nothing
   * is signed, and it can be tried again
   */
  async sign(prepared: string, given?: WalletSignature, chain?: ChainRequest): Promise<SignedFile> {
    const made = this.#held.get(prepared);
    if (!made)
      throw new NotPreparedError('This was signed already, or is not waiting any more. Begin again.');
    const { statement } = made;
    const wallet = given && (await acceptedWallet(statement, given, chain));
    if (!wallet && statement.kind === 'wallet-link') {
      throw new CannotSignError('A link to a wallet holds only with that wallet’s own signature.');
    }
    const own = await signStatement(await this.#people.identity(), statement);
    // What a wallet gives may have a form that nobody could read later.
    const signed = wallet ? readForm({ ...own, wallet }) : own;
    const blob = await made.finish(signed);
    this.#held.delete(prepared);
    const file = signedFile(signed, made.name, blob ?? undefined);
    // It is signed and kept; where this cannot be noted, the chain is asked once more.
    if (wallet && isOfContract(wallet))
      await this.#desk.store.statements.noteWallet(file.cid).catch(() => {});
    return file;
  }
}

function make(
  desk: Desk,
  request: StatementRequest,
  paced: (phase: 'hashing' | 'sealing') => PaceOptions
): Promise<Made> {
  switch (request.kind) {
    case 'contribution':
      return makeContribution(desk, request, paced);
    case 'version':
      return makeVersion(desk, request, paced);
    case 'run-manifest':
    case 'attribution-receipt':
    case 'retraction':
      return makeClaim(desk, request);
    default:
      return makeStatement(desk, request);
  }
}

/** @throws CannotSignError where only the chain could tell, WalletSignatureError */
async function acceptedWallet(
  statement: Statement,
  wallet: WalletSignature,
  chain: ChainRequest | undefined
): Promise<WalletSignature> {
  if (!isForWallets(statement)) {
    throw new CannotSignError(`A wallet does not sign a statement of the kind "${statement.kind}".`);
  }
  try {
    return await acceptWalletSignature(statement, wallet, chain);
  } catch (cause) {
    if (!(cause instanceof ChainUnavailableError)) throw cause;
    const without = statement.kind === 'wallet-link' ? '' : ', or sign without the wallet';
    throw new CannotSignError(
      `Nothing was signed: whether the account accepts its signature was not answered. ${cause.message} Keep the wallet connected and on chain ${wallet.chainId}, and sign again${without}.`,
      { details: { address: wallet.address, chainId: wallet.chainId }, cause }
    );
  }
}

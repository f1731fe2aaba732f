import { TabtuneError } from '../../errors';
import type { PaceOptions } from '../pace';
import type { Anchor } from './anchor-file';
import { ChainUnavailableError, type ChainRequest } from './chain-request';
import type { Related } from './related';
import type { Signed, StatementKind, WalletSignature } from '../trust/statements';
import type { WalletStatement } from '../trust/wallet-kinds';

/** `unknown`: it could not be checked with what was given; the reason says what is missing. */
export type CheckState = 'holds' | 'fails' | 'unknown';

/** One thing that was asked of a file. */
export interface Check {
  /** Short, in lower case: `signature`. */
  name: string;
  state: CheckState;
  /** A sentence. */
  reason: string;
  /** Where the check is unknown for want of a chain: its id. */
  chainId?: number;
}

/**
 * `proof`: that a row is in a version. `share-proof`: that a share is in a receipt. `adapter`: weights, alone or in a PEFT
 * folder with what is claimed of them. `model`: weights of a base model. `attestation`: a claim as EAS writes it.
 * `unreadable`: nothing of Tabtune's, or so broken that nobody can say what.
 */
export type VerifyKind =
  StatementKind | 'proof' | 'share-proof' | 'adapter' | 'model' | 'attestation' | 'unreadable';

/** All that can be said of a file without trusting who gave it. */
export interface VerifyReport {
  kind: VerifyKind;
  /** What it is: `A version of a Datanet, with its rows`. */
  title: string;
  /** What it says, in sentences. Somebody's words: whether they are true is not what is checked. */
  words: string[];
  checks: Check[];
}

export interface VerifyOptions extends PaceOptions {
  /** What runs out or lies ahead is reckoned from here. */
  now: Date;
  /**
   * Throws a `TabtuneError` where a wallet's signature does not hold, and `ChainUnavailableError` where only a chain can
   * tell. Without it, such signatures stay unknown.
   */
  checkWallet?: (
    statement: WalletStatement,
    wallet: WalletSignature,
    chain: ChainRequest | undefined
  ) => Promise<void>;
  /** Checks of an off-chain attestation of EAS. Without it, such files stay unknown. */
  checkAttestation?: CheckAttestation;
  /** Checks of a claim's attestation on a chain. Without it, such anchors stay unknown. */
  checkAnchor?: CheckAnchor;
  /** Asks chains what only they know. Without it, that stays unknown. */
  chain?: ChainRequest;
}

/** @returns what it says, in sentences */
export type CheckAttestation = (
  list: CheckList,
  json: Record<string, unknown>,
  related: Related,
  options: VerifyOptions
) => Promise<string[]>;

/** Adds the checks `EAS`, `anchor` and `transaction`, of a claim whose own checks are made already. */
export type CheckAnchor = (
  list: CheckList,
  claim: Pick<Signed<WalletStatement>, 'statement' | 'wallet'>,
  anchor: Anchor,
  options: VerifyOptions
) => Promise<void>;

/** The same options for one of several parts of the work, told as done shares of all of them. */
export function partOf<O extends PaceOptions>(options: O, part: number, parts: number): O {
  const { onProgress } = options;
  if (!onProgress) return options;
  return {
    ...options,
    onProgress: (done: number, total: number) => onProgress(part + (total > 0 ? done / total : 1), parts)
  };
}

/** Whether each check holds, and whether there was anything to check. */
export function allHold({ kind, checks }: VerifyReport): boolean {
  return kind !== 'unreadable' && checks.length > 0 && checks.every(({ state }) => state === 'holds');
}

/** Longest reason. What fails may quote a stranger's text. */
const MAX_REASON = 600;

/** Gathers checks, and makes checks of what throws. */
export class CheckList {
  readonly checks: Check[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  holds(name: string, reason: string): void {
    this.#add(name, 'holds', reason);
  }

  fails(name: string, reason: string): void {
    this.#add(name, 'fails', reason);
  }

  /** @param chainId of the chain that could tell */
  unknown(name: string, reason: string, chainId?: number): void {
    this.#add(name, 'unknown', reason, chainId);
  }

  /** Takes in what was asked of a part of the file. @param of what the part is called: `run manifest` */
  include(of: string, checks: readonly Check[]): void {
    for (const check of checks) this.checks.push({ ...check, name: `${of}: ${check.name}` });
  }

  /** Adds the check: it holds with one reason, or fails with the other. */
  expect(name: string, condition: boolean, holds: string, fails: string): void {
    if (condition) this.holds(name, holds);
    else this.fails(name, fails);
  }

  /**
   * Does what a check is made of. What it throws on purpose is why the check fails; anything else, such as memory that
   * ran out, says nothing about the file.
   * @param holds the reason, where nothing is thrown; without it, or where it gives none, nothing is added then
   * @returns what it gave, or undefined where it failed
   * @throws the abort reason
   */
  async attempt<T>(
    name: string,
    work: () => T | Promise<T>,
    holds?: string | ((result: T) => string | undefined)
  ): Promise<T | undefined> {
    try {
      const result = await work();
      const reason = typeof holds === 'function' ? holds(result) : holds;
      if (reason !== undefined) this.holds(name, reason);
      return result;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof ChainUnavailableError) {
        this.unknown(name, error.message, error.chainId);
      } else if (error instanceof TabtuneError && error.name !== 'UnreadableFileError') {
        this.fails(name, error.message);
      } else {
        const message = error instanceof Error ? error.message : String(error);
        this.unknown(name, `This could not be looked at to its end: ${message}`);
      }
      return undefined;
    }
  }

  #add(name: string, state: CheckState, reason: string, chainId?: number): void {
    const short = reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}…`.toWellFormed() : reason;
    this.checks.push({ name, state, reason: short, ...(chainId !== undefined && { chainId }) });
  }
}

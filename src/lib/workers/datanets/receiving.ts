/** Files and links that somebody gave: recognised, verified whole, told in words, and only then taken in. */
import { openBundle, type Bundle } from '../../datanets/bundle/bundle';
import { looksLikeContainer, openContainer } from '../../datanets/bundle/container';
import { openContribution, type ContributionFile } from '../../datanets/bundle/contribution-file';
import { entryText, STATEMENT_NAME } from '../../datanets/bundle/signed-container';
import type { PaceOptions } from '../../datanets/pace';
import { statementText } from '../../datanets/trust/link';
import { MAX_STATEMENT_CHARACTERS } from '../../datanets/trust/schemas';
import { isSigned, readSigned, statementCid } from '../../datanets/trust/sign';
import type { Signed } from '../../datanets/trust/statements';
import { wordsOf } from '../../datanets/trust/words';
import { TabtuneError } from '../../errors';
import { parseJson } from '../../json';
import { named } from './exchange-lookup';
import type { People } from './exchange-people';
import type { DatanetEvent, Received } from './protocol';
import type { Effect, Hall } from './receiving-hall';
import { receiveContribution, receiveVersion } from './receiving-rows';
import { receiveStatement } from './receiving-statements';
import { checkWallet, checkWalletsIn } from './receiving-wallets';

/** A file or text that Tabtune did not make. */
export class UnknownFileError extends TabtuneError {}

/** What was opened is not held any more. */
export class NotOpenedError extends TabtuneError {}

type Opened =
  | { kind: 'statement'; signed: Signed }
  | { kind: 'contribution'; signed: Signed; file: ContributionFile; blob: Blob }
  | { kind: 'version'; signed: Signed; bundle: Bundle; blob: Blob };

/** How a signed statement begins, also one that was reformatted: it is then refused for that. */
const BEGINNING = /^\s*\{\s*"(?:signature|statement|wallet)"/;

/** Opened files that are held, for `keep`. */
const HELD = 4;

export class Receiving {
  readonly #hall: Omit<Hall, 'identity' | 'now'>;
  readonly #people: People;
  readonly #now: () => Date;
  readonly #held = new Map<string, Effect>();

  constructor(hall: Omit<Hall, 'identity' | 'now'>, people: People, now: () => Date) {
    this.#hall = hall;
    this.#people = people;
    this.#now = now;
  }

  /**
   * Looks at a file, a link or its fragment, and checks everything about it. Keeps nothing.
   * @throws UnknownFileError, BrokenLinkError, NotForHereError, what a broken or forged file throws, the abort reason
   */
  async open(
    source: File | string,
    onEvent: (event: DatanetEvent) => void,
    signal?: AbortSignal
  ): Promise<Received> {
    const pace: PaceOptions = {
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onEvent({ phase: 'opening', done, total })
    };
    const opened = typeof source === 'string' ? await openText(source) : await openFile(source, pace);
    const { signed } = opened;
    const unknown = await checkWallet(signed);
    if (opened.kind === 'version') await checkWalletsIn(opened.bundle.statements);
    const hall: Hall = { ...this.#hall, identity: await this.#people.identity(), now: this.#now() };
    const effect = await effectOf(hall, opened, pace);
    const received = crypto.randomUUID();
    for (const old of [...this.#held.keys()].slice(0, -(HELD - 1))) this.#held.delete(old);
    this.#held.set(received, effect);
    const { kind, by } = signed.statement;
    return {
      ...{ received, kind, words: wordsOf(signed.statement), by, effect: effect.effect },
      ...(unknown === undefined ? {} : { unknown })
    };
  }

  /**
   * Takes in what was opened, all of it or nothing. Where that fails it can be tried again.
   * @returns the local id of the Datanet that it belongs to; '' where it belongs to none
   * @throws NotOpenedError, StorageFullError
   */
  async keep(received: string): Promise<string> {
    const effect = this.#held.get(received);
    if (!effect)
      throw new NotOpenedError('This was taken in already, or is not open any more. Open it again.');
    const id = await effect.apply();
    this.#held.delete(received);
    return id;
  }
}

function effectOf(hall: Hall, opened: Opened, pace: PaceOptions): Promise<Effect> {
  switch (opened.kind) {
    case 'contribution':
      return receiveContribution(hall, opened.file, opened.blob, pace);
    case 'version':
      return receiveVersion(hall, opened.bundle, opened.blob, pace);
    case 'statement':
      return receiveStatement(hall, opened.signed, statementCid(opened.signed));
  }
}

async function openText(text: string): Promise<Opened> {
  const json = statementText(text.trim());
  if (json === undefined) {
    throw new UnknownFileError('This is no link of Tabtune’s: there is no “#open=” in it.');
  }
  return openJson(json);
}

async function openFile(file: File, pace: PaceOptions): Promise<Opened> {
  const label = named(file.name);
  if (await looksLikeContainer(file)) {
    const options = { ...pace, label };
    if ((await containerKind(file, label)) === 'version') {
      const bundle = await openBundle(file, options);
      return { kind: 'version', signed: bundle.version, bundle, blob: file };
    }
    const contribution = await openContribution(file, options);
    return { kind: 'contribution', signed: contribution.signed, file: contribution, blob: file };
  }
  if (file.size > MAX_STATEMENT_CHARACTERS) throw unknown(label);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch (cause) {
    throw unknown(label, cause);
  }
  if (!BEGINNING.test(text)) throw unknown(label);
  return openJson(text);
}

async function openJson(text: string): Promise<Opened> {
  const signed = await readSigned(text);
  if (isSigned(signed, 'contribution') || isSigned(signed, 'version')) {
    throw new UnknownFileError(
      `This is only what was signed of a ${signed.statement.kind}, without its rows. Ask for the whole file.`
    );
  }
  return { kind: 'statement', signed };
}

/** The kind of statement that a container says to begin with; whether it does is checked as it is opened. */
async function containerKind(blob: Blob, label: string): Promise<unknown> {
  const [first] = await openContainer(blob, label);
  if (first.name !== STATEMENT_NAME) return undefined;
  const text = await entryText(first, MAX_STATEMENT_CHARACTERS, label);
  try {
    const { statement } = parseJson(label, text) as { statement?: { kind?: unknown } };
    return statement?.kind;
  } catch {
    // What it is, says who opens it as a contribution: that it is none.
    return undefined;
  }
}

function unknown(label: string, cause?: unknown): UnknownFileError {
  return new UnknownFileError(
    `${label} is no file that Tabtune made to be handed over. Rows of other files are imported into a Datanet instead.`,
    { details: { label }, cause }
  );
}

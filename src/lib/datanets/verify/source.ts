import { repeatedKey } from '../../formats/json-keys';
import { readBytes } from '../bundle/blob';
import { NotCanonicalError, canonicalJson } from '../canonical';
import { shownText } from '../one-line';
import { JsonBoundsError, parseJson } from '../../json';
import { BrokenLinkError, statementText } from '../trust/link';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';

/** What a file that is no container holds. */
export type Source =
  | { is: 'statement'; text: string; json: unknown }
  | { is: 'proof' | 'share-proof'; json: Record<string, unknown> }
  /** A signed claim, and where it is attested on a chain. */
  | { is: 'anchored'; json: Record<string, unknown>; claim: unknown }
  /** An off-chain attestation of EAS, and the signed claim where it brings that. */
  | { is: 'attestation'; json: Record<string, unknown>; claim: unknown }
  | { is: 'unreadable'; reason: string };

/** A link is a third longer than what it carries; nothing longer is read. */
const MAX_BYTES = 2 * MAX_STATEMENT_CHARACTERS;

/**
 * Reads a file that is JSON, or the text of a link, and tells statements, attestations, anchored claims and proofs by their fields.
 * @throws UnreadableFileError
 */
export async function readSource(blob: Blob): Promise<Source> {
  const unreadable = (reason: string): Source => ({ is: 'unreadable', reason });
  if (blob.size === 0) return unreadable('The file is empty.');
  if (blob.size > MAX_BYTES) {
    return unreadable(
      `The file is none that Tabtune makes: it is neither an archive of its kind, nor as short as a statement (${blob.size.toLocaleString('en')} bytes, at most ${MAX_BYTES.toLocaleString('en')}).`
    );
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readBytes(blob));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return unreadable('The file is none that Tabtune makes: it is neither an archive of its kind nor text.');
  }
  try {
    const trimmed = text.trim();
    // Of JSON, each byte counts: what is around it, too.
    if (!trimmed.startsWith('{')) text = statementText(trimmed) ?? text;
  } catch (error) {
    if (!(error instanceof BrokenLinkError)) throw error;
    return unreadable(error.message);
  }
  let json: unknown;
  try {
    json = parseJson('The file', text);
  } catch (error) {
    if (error instanceof JsonBoundsError) return unreadable(error.message);
    return unreadable(
      'The file is none that Tabtune makes, or was cut short: its text is neither JSON nor a link with “#open=” in it.'
    );
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return unreadable('The file is JSON, but no object: it is none that Tabtune makes.');
  }
  const fields = json as Record<string, unknown>;
  if ('statement' in fields || 'signature' in fields) return { is: 'statement', text, json };
  const source = sourceOf(fields);
  if (!source) {
    return unreadable(
      'The file is JSON, but neither a signed statement, an attestation or anchor of one, nor a proof.'
    );
  }
  // Other readers may take the first of two: they would read another file than is checked here.
  const twice = repeatedKey(text);
  if (twice !== undefined) {
    return unreadable(`The file has a field “${shownText(twice, 80)}” twice: it can be read in two ways.`);
  }
  if (source.is !== 'attestation' && !isAsWritten(json, text)) {
    return unreadable(
      'The file is not written as Tabtune writes it: something was added to it, or it was reformatted. Ask for it again.'
    );
  }
  return source;
}

function sourceOf(fields: Record<string, unknown>): Source | undefined {
  if ('anchor' in fields) return { is: 'anchored', json: fields, claim: fields['claim'] };
  if ('sig' in fields && 'signer' in fields) {
    return { is: 'attestation', json: fields, claim: fields['claim'] };
  }
  if ('leafEncoding' in fields || 'proof' in fields) {
    const { leafEncoding } = fields;
    const ofShare = Array.isArray(leafEncoding) && leafEncoding[1] === 'uint256';
    return { is: ofShare ? 'share-proof' : 'proof', json: fields };
  }
  return undefined;
}

/**
 * Whether a text is one that this value is written as: canonical JSON, what `JSON.stringify` makes of it, or that indented
 * by two with a line feed, as files for people to look into are. So no byte of it can be another.
 */
function isAsWritten(value: unknown, text: string): boolean {
  try {
    const canonical = canonicalJson(value);
    return [canonical, JSON.stringify(value), `${JSON.stringify(value, undefined, 2)}\n`].includes(text);
  } catch (error) {
    if (error instanceof NotCanonicalError) return false;
    throw error;
  }
}

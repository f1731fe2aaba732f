import { TabtuneError } from '../../errors';
import { fromBase64Url, toBase64Url } from './base64url';

/** A link that holds no statement, or only a part of one. */
export class BrokenLinkError extends TabtuneError {}

const FRAGMENT = /#open=([\w-]*)/;

/** The fragment of a link that carries a statement's text, which browsers never send to a server. */
export function fragmentOfText(text: string): string {
  return `#open=${toBase64Url(new TextEncoder().encode(text))}`;
}

/**
 * The text of a statement in what somebody gave: JSON is what it is, whatever links are among its words; anything else may
 * be a link with the text in it.
 * @returns undefined where it is neither
 * @throws BrokenLinkError
 */
export function statementText(given: string): string | undefined {
  return given.startsWith('{') ? given : textOfLink(given);
}

/** The text in a link or its fragment; undefined where the text is no link of Tabtune's. @throws BrokenLinkError */
export function textOfLink(link: string): string | undefined {
  const value = FRAGMENT.exec(link)?.[1];
  if (value === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64Url(value));
  } catch (cause) {
    throw new BrokenLinkError('This link was cut or changed on its way. Ask for it again, or for the file.', {
      cause
    });
  }
}

/** Signed statements as they leave and come: a file, or the fragment of a link. */
import { canonicalJson } from '../../datanets/canonical';
import { fromBase64Url, toBase64Url } from '../../datanets/trust/base64url';
import { statementCid } from '../../datanets/trust/sign';
import type { Signed, StatementKind } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import type { SignedFile } from './protocol';

/** A link that holds no statement, or only a part of one. */
export class BrokenLinkError extends TabtuneError {}

/** Longer ones are cut by mail programs and messengers. */
const MAX_FRAGMENT = 8000;
const FRAGMENT = /#open=([\w-]*)/;

/**
 * @param name of the Datanet, for the file's name
 * @param blob the container, of those kinds that leave with rows
 */
export function signedFile(signed: Signed, name: string, blob?: Blob): SignedFile {
  const { kind } = signed.statement;
  const cid = statementCid(signed);
  if (blob) {
    const ending = kind === 'version' ? 'datanet' : 'contribution';
    const number = signed.statement.kind === 'version' ? `-${signed.statement.number}` : '';
    return {
      kind,
      cid,
      file: new File([blob], `${slug(name)}${number}.${ending}`, { type: 'application/zip' })
    };
  }
  const text = canonicalJson(signed);
  const file = new File([text], `${fileStem(kind, name)}.tabtune.json`, { type: 'application/json' });
  const fragment = `#open=${toBase64Url(new TextEncoder().encode(text))}`;
  return { kind, cid, file, ...(fragment.length <= MAX_FRAGMENT ? { fragment } : {}) };
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

function fileStem(kind: StatementKind, name: string): string {
  return name === '' ? kind : `${slug(name)}-${kind}`;
}

/** A name that every file system takes. */
export function slug(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return letters.slice(0, 60).replace(/^-+|-+$/g, '') || 'datanet';
}

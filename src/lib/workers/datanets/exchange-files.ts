/** Signed statements as they leave and come: a file, or the fragment of a link. */
import { canonicalJson } from '../../datanets/canonical';
import { fragmentOfText } from '../../datanets/trust/link';
import { statementCid } from '../../datanets/trust/sign';
import type { Signed, StatementKind } from '../../datanets/trust/statements';
import type { SignedFile } from './protocol';

/** Longer ones are cut by mail programs and messengers. */
const MAX_FRAGMENT = 8000;

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
  const fragment = fragmentOfText(text);
  return { kind, cid, file, ...(fragment.length <= MAX_FRAGMENT ? { fragment } : {}) };
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

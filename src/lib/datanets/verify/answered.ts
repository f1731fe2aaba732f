import { quoted } from '../policy/sentences';
import { isSigned } from '../trust/sign';
import { short } from '../trust/short';
import type { Signed, Statement, StatementKind } from '../trust/statements';
import type { Related } from './related';
import type { CheckList } from './report';

/** The statement that another one names by its CID. */
export function answered<K extends StatementKind>(
  list: CheckList,
  name: string,
  kind: K,
  cid: string,
  related: Related
): Signed<Extract<Statement, { kind: K }>> | undefined {
  const found = related.find(cid);
  if (!found) {
    list.unknown(name, `It names the ${kind} ${short(cid)}, which was not given with it.`);
    return undefined;
  }
  if (!isSigned(found, kind)) {
    list.fails(name, `What it names as the ${kind} ${short(cid)} is a ${found.statement.kind}.`);
    return undefined;
  }
  list.holds(
    name,
    `The ${kind} that it names was given with it, signed by ${quoted(found.statement.by.name)}.`
  );
  return found;
}

/** Whether who says it is who said what it is about. @param todo what only they can do: `revoke it` */
export function sameSigner(list: CheckList, other: Statement, by: string, todo: string): void {
  list.expect(
    'right',
    other.by.id === by,
    `It is signed by the same person as the ${other.kind}.`,
    `Only ${quoted(other.by.name)}, who signed the ${other.kind}, can ${todo}. Somebody else signed this.`
  );
}

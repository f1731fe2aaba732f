/** What all makers of statements share. */
import type { Store } from '../../datanets/store/store';
import type { Identity } from '../../datanets/trust/identity';
import type { Signed, Statement } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import type { Drafts } from './drafts';
import type { RowsAccess } from './service-rows';

/** As things stand here, this cannot be signed: it would not hold, or say what is not so. */
export class CannotSignError extends TabtuneError {}

/** Nobody has a name here yet. With one, the same can be signed. */
export class NamelessError extends CannotSignError {}

/** What making a statement takes. */
export interface Desk {
  store: Store;
  rows: RowsAccess;
  drafts: Drafts;
  identity: Identity;
  now: Date;
}

/** A statement that waits for its signature, and what happens once it has it. */
export interface Made {
  statement: Statement;
  warnings: string[];
  /** Of the Datanet, for the file's name. */
  name: string;
  /** Puts it into effect in one transaction. @returns the file to hand over, where it is more than the statement */
  finish(signed: Signed): Promise<Blob | void>;
}

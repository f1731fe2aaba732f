/** What all share that take something in. */
import type { Store } from '../../datanets/store/store';
import type { Identity } from '../../datanets/trust/identity';
import { TabtuneError } from '../../errors';
import type { Drafts } from './drafts';

/** It is what it says, and yet not for here: for somebody else, about something that is not here, or over. */
export class NotForHereError extends TabtuneError {}

/** What taking something in takes. */
export interface Hall {
  store: Store;
  drafts: Drafts;
  identity: Identity;
  now: Date;
  /** Tell other tabs that an import goes on. */
  locks: LockManager | undefined;
}

/** What taking it in would do, and does. */
export interface Effect {
  /** A sentence. */
  effect: string;
  /** @returns the local id of the Datanet that it belongs to; '' where it belongs to none */
  apply(): Promise<string>;
}

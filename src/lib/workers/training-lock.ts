/** Only one tab trains at a time: two runs would halve each other's speed and fight for the same GPU memory. */
import { TabtuneError } from '../errors';

/** Another tab of this browser trains right now. */
export class AnotherTabTrainsError extends TabtuneError {
  constructor() {
    super('Another tab of this browser is training. Wait for it or stop it there, then start here again.');
  }
}

const lockName = 'tabtune-training';

/**
 * Runs `work` while no other tab can do the same. The browser gives the lock back when the tab closes or crashes.
 * @throws AnotherTabTrainsError at once where another tab has it
 */
export async function withTrainingLock<R>(locks: LockManager, work: () => Promise<R>): Promise<R> {
  return locks.request(lockName, { ifAvailable: true }, async (lock) => {
    if (!lock) throw new AnotherTabTrainsError();
    return work();
  }) as Promise<R>;
}

/** Whether some tab, this one included, trains now. */
export async function isTraining(locks: LockManager): Promise<boolean> {
  const { held } = await locks.query();
  return held?.some((lock) => lock.name === lockName) ?? false;
}

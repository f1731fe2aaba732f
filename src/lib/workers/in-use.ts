/**
 * What a tab works with, so that no other deletes it meanwhile. Web Locks: work shares a lock on each thing that it needs, whoever
 * deletes a thing wants its lock alone. The browser gives a lock back when its tab closes or crashes.
 */
import { TabtuneError } from '../errors';
import type { FinetuneRequest, TrainingChoice } from './protocol';

/** Something that can be deleted. `id`: of a Datanet its own, of a model the hub's. */
export interface Thing {
  kind: 'run' | 'adapter' | 'set of rows' | 'Datanet' | 'model';
  id: string;
}

/** What is done with things. */
export type Use = 'training' | 'measuring';

const useWords: Record<Use, string> = {
  training: 'a run goes on that needs it',
  measuring: 'it is being measured who made a model, and that needs it'
};

/** Something cannot be deleted or taken over: a tab works with it. */
export class InUseError extends TabtuneError {
  constructor({ kind, id }: Thing, uses: readonly Use[]) {
    const why = uses.map((use) => useWords[use]).join(', and ') || 'a tab works with it';
    super(
      `This ${kind} is in use: ${why}, in this tab or another. Stop that or wait for its end, then try again.`,
      {
        details: { kind, id, uses }
      }
    );
  }
}

const prefix = 'tabtune-use';
const lockOf = ({ kind, id }: Thing) => `${prefix} ${kind} ${id}`;
/** Held beside it, so that whoever is refused can be told what for. */
const lockFor = (thing: Thing, use: Use) => `${lockOf(thing)} for ${use}`;

/** Runs `work` while nobody can delete `things`. Waits for a deletion that goes on: what it deleted is then missed at once. */
export async function whileUsed<R>(
  locks: LockManager,
  things: readonly Thing[],
  use: Use,
  work: () => Promise<R>
): Promise<R> {
  if (things.length === 0) return work();
  const [first, ...rest] = things;
  const inner = () => whileUsed(locks, rest, use, work);
  const named = () => locks.request(lockFor(first, use), { mode: 'shared' }, inner) as Promise<R>;
  return locks.request(lockOf(first), { mode: 'shared' }, named) as Promise<R>;
}

/**
 * Runs `work`, which takes a thing away, while nobody works with it.
 * @param locks absent where a browser has none: there, nothing can be worked with either
 * @throws InUseError at once where somebody does
 */
export async function unlessUsed<R>(
  locks: LockManager | undefined,
  thing: Thing,
  work: () => Promise<R>
): Promise<R> {
  if (!locks) return work();
  return locks.request(lockOf(thing), { ifAvailable: true }, async (lock) => {
    if (lock) return work();
    const held = await heldNames(locks);
    const uses = (Object.keys(useWords) as Use[]).filter((use) => held.has(lockFor(thing, use)));
    throw new InUseError(thing, uses);
  }) as Promise<R>;
}

/** Tells of things whether some tab, this one included, uses them so now. */
export async function usedNow(locks: LockManager | undefined, use: Use): Promise<(thing: Thing) => boolean> {
  const held = locks ? await heldNames(locks) : new Set<string>();
  return (thing) => held.has(lockFor(thing, use));
}

/** What a run works with, besides itself. */
export function thingsOf({
  model,
  data,
  adapter
}: Pick<FinetuneRequest, 'data' | 'adapter'> & Partial<Pick<FinetuneRequest, 'model'>>): Thing[] {
  return [
    ...(model?.kind === 'hub' ? [{ kind: 'model' as const, id: model.id }] : []),
    ...(adapter === undefined ? [] : [{ kind: 'adapter' as const, id: adapter }]),
    ...dataThings(data)
  ];
}

function dataThings(data: TrainingChoice): Thing[] {
  if (data.kind === 'rows') return [{ kind: 'set of rows', id: data.rowSet }];
  return [...new Set(data.versions.map(({ datanet }) => datanet))].map((id) => ({ kind: 'Datanet', id }));
}

async function heldNames(locks: LockManager): Promise<Set<string>> {
  const { held } = await locks.query();
  return new Set(held?.flatMap(({ name }) => name ?? []));
}

/**
 * Which runs used what of which Datanet: how a withdrawn contribution is traced to adapters, and how runs are counted
 * where a rule allows only so many. Runs say it themselves; what a deleted run said is kept here.
 */
import type { PermitContext } from '../datanets/policy/permit';
import type { RunRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import type { Version } from '../datanets/trust/statements';
import type { VersionUse } from '../jobs/training-data';
import type { DatanetUse } from './datanets/protocol';
import { inheritedOf, madeSomething, versionsOf } from './run-facts';

/** A run, as far as it concerns Datanets. */
export interface RunUse {
  run: string;
  name: string;
  created: number;
  versions: VersionUse[];
  /** Those of the adapter it went on from, and of the runs before that. */
  inherited: VersionUse[];
}

const key = 'runs deleted';

function useOf(record: RunRecord): RunUse | undefined {
  const [versions, inherited] = [versionsOf(record), inheritedOf(record)];
  if (versions.length + inherited.length === 0 || !madeSomething(record)) return undefined;
  return { run: record.id, name: record.name, created: record.created, versions, inherited };
}

/** Deletes a run. What it used stays known: its adapter may live on, and it still counts. */
export async function deleteRun(store: Store, id: string): Promise<void> {
  await store.deleteRun(id, {
    setting: key,
    of: (record, before) => {
      const use = useOf(record);
      const kept = (before as RunUse[] | undefined) ?? [];
      return use ? [...kept.filter(({ run }) => run !== id), use] : before;
    }
  });
}

/**
 * All runs of this browser that used Datanets, deleted ones too, newest first. A run is one from its first saved state on: of one
 * that was cut off before, there is nothing that anybody could use.
 */
export async function runUses(store: Store): Promise<RunUse[]> {
  const [runs, deleted] = await Promise.all([store.runs(), store.setting<RunUse[]>(key)]);
  const uses = new Map((deleted ?? []).map((use) => [use.run, use]));
  for (const record of runs) {
    const use = useOf(record);
    if (use) uses.set(record.id, use);
  }
  return [...uses.values()].sort((a, b) => b.created - a.created);
}

/**
 * The runs and adapters that used a Datanet, newest first; one entry for each version that a run used, also where it
 * only went on from an adapter that had.
 * @param datanet the Datanet's own id
 */
export async function usesOf(store: Store, datanet: string): Promise<DatanetUse[]> {
  const [uses, adapters] = await Promise.all([runUses(store), store.adapters()]);
  const adapterOf = new Map(adapters.map(({ id, metrics }) => [metrics['run'], id]));
  return uses.flatMap(({ run, name, created, versions, inherited }) =>
    [...versions, ...inherited]
      .filter((version) => version.datanet === datanet)
      .map(({ root, rows, contributions }) => {
        const adapter = adapterOf.get(run);
        return {
          ...{ run, name, created, root, rows, contributions },
          ...(adapter === undefined ? {} : { adapter })
        };
      })
  );
}

/**
 * Runs that something came of, with rows of a version, under a grant (by its CID), and with rows of each contribution: for
 * rules that allow only so many.
 * @param except a run that goes on, and was counted when it first saved
 */
export async function runsMade(
  store: Store,
  { datanet, rows: { root } }: Pick<Version, 'datanet' | 'rows'>,
  grant: string | undefined,
  except?: string
): Promise<PermitContext['runs']> {
  const uses = (await runUses(store)).filter(({ run }) => run !== except);
  const contributions = new Map<string, number>();
  for (const { versions } of uses) {
    const used = new Set(versions.flatMap((version) => Object.keys(version.contributions)));
    for (const id of used) contributions.set(id, (contributions.get(id) ?? 0) + 1);
  }
  const runsWith = (holds: (version: VersionUse) => boolean) =>
    uses.filter(({ versions }) => versions.some((version) => version.rows > 0 && holds(version))).length;
  return {
    version: runsWith((version) => version.datanet === datanet && version.root === root),
    grant: grant === undefined ? 0 : runsWith((version) => version.grant === grant),
    contributions
  };
}

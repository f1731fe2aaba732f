/** What is chosen to train on, changed in steps. Nothing here is reactive. */
import type { TrainingChoice, VersionChoice } from '$lib/workers/protocol';

/** One set of rows, in place of whatever was chosen. */
export function chooseRows(rowSet: string): TrainingChoice {
  return { kind: 'rows', rowSet };
}

/** Takes a version in, beside those that are chosen; another version of the same Datanet goes. */
export function withVersion(
  choice: TrainingChoice | undefined,
  datanet: string,
  root: string
): TrainingChoice {
  const before = versionsIn(choice);
  const replaced = before.find((version) => version.datanet === datanet);
  const version = { datanet, root, weight: replaced?.weight ?? 1 };
  const versions = replaced
    ? before.map((each) => (each === replaced ? version : each))
    : [...before, version];
  return keepingPurpose(choice, versions)!;
}

/** Leaves a Datanet out. Undefined where none remains. */
export function withoutDatanet(
  choice: TrainingChoice | undefined,
  datanet: string
): TrainingChoice | undefined {
  return keepingPurpose(
    choice,
    versionsIn(choice).filter((version) => version.datanet !== datanet)
  );
}

export function withWeight(
  choice: TrainingChoice | undefined,
  datanet: string,
  weight: number
): TrainingChoice | undefined {
  const versions = versionsIn(choice).map((each) => (each.datanet === datanet ? { ...each, weight } : each));
  return keepingPurpose(choice, versions);
}

export function withPurpose(
  choice: TrainingChoice | undefined,
  purpose: string | undefined
): TrainingChoice | undefined {
  if (choice?.kind !== 'datanets') return choice;
  return { kind: 'datanets', versions: choice.versions, ...(purpose ? { purpose } : {}) };
}

export function versionsIn(choice: TrainingChoice | undefined): VersionChoice[] {
  return choice?.kind === 'datanets' ? choice.versions : [];
}

/** What of a choice that was made earlier is still there to be chosen. */
export function stillThere(
  choice: TrainingChoice | undefined,
  sets: readonly string[],
  versions: readonly Pick<VersionChoice, 'datanet' | 'root'>[]
): TrainingChoice | undefined {
  if (choice?.kind === 'rows') return sets.includes(choice.rowSet) ? choice : undefined;
  return keepingPurpose(
    choice,
    versionsIn(choice).filter(({ datanet, root }) =>
      versions.some((each) => each.datanet === datanet && each.root === root)
    )
  );
}

/** Reads a remembered choice; a mere id is a set of rows, as earlier pages remembered it. */
export function readChoice(value: unknown): TrainingChoice | undefined {
  if (typeof value === 'string') return chooseRows(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, rowSet, versions, purpose } = value as Record<string, unknown>;
  if (kind === 'rows' && typeof rowSet === 'string') return chooseRows(rowSet);
  if (kind !== 'datanets' || !Array.isArray(versions) || !versions.every(isVersion)) return undefined;
  return withPurpose({ kind, versions }, typeof purpose === 'string' ? purpose : undefined);
}

function isVersion(value: unknown): value is VersionChoice {
  const { datanet, root, weight } = (value ?? {}) as Partial<VersionChoice>;
  return typeof datanet === 'string' && typeof root === 'string' && typeof weight === 'number' && weight > 0;
}

function keepingPurpose(
  choice: TrainingChoice | undefined,
  versions: VersionChoice[]
): TrainingChoice | undefined {
  if (versions.length === 0) return undefined;
  const purpose = choice?.kind === 'datanets' ? choice.purpose : undefined;
  return { kind: 'datanets', versions, ...(purpose === undefined ? {} : { purpose }) };
}

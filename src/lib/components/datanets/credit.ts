import type { VersionUse } from '$lib/workers/protocol';

/** Names that a line can hold. The record of a run has them all. */
const shownNames = 20;

/** Who must be named where results of a run are shown, in one line; '' where nobody asks for it. */
export function creditLine(versions: readonly Pick<VersionUse, 'attribution'>[]): string {
  const people = new Map(
    versions.flatMap(({ attribution }) => attribution.map(({ id, name }) => [id, name]))
  );
  const names = [...people.values()];
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : '';
  return names.slice(0, shownNames).join(', ') + more;
}

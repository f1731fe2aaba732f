/** Whose rows they are, and what each of them is paid for: from scores of rows to shares of people. */
import { rewardGroups } from '../../attribution/groups';
import type { AttributedRows, Scores } from '../../attribution/scores';
import { sharesOf, type ContributorShare } from '../../attribution/shares';
import type { PaceOptions } from '../../datanets/pace';
import type { Row } from '../../datanets/row';
import type { RunData } from '../run-data';

/** The measured rows of a run, in the order in which they were contributed. */
export interface PeopleRows extends AttributedRows {
  /** [rows] How often a run's epoch takes each. */
  readonly taken: readonly number[];
  /** Of each contributor. */
  readonly names: ReadonlyMap<string, string>;
}

/** Rows without contributor are one person's, whom nobody named. */
export const nobody = { id: '', name: 'Nobody named' } as const;

export function contributorOf({ contributor = nobody.id }: Row): string {
  return contributor;
}

/** What people call contributors; whom no version names is known by the id. */
export function namesOf({ contributors }: Pick<RunData, 'contributors'>): (id: string) => string {
  const names = new Map(contributors.map(({ id, name }) => [id, name]));
  return (id) => (id === nobody.id ? nobody.name : names.get(id) || id);
}

/**
 * What shares are made of besides scores. Copies are found anew: the first of them in the order of contribution
 * has their reward.
 * @param index positions among the contributed rows that were measured
 * @throws the abort reason
 */
export async function peopleRows(
  data: Pick<RunData, 'rows' | 'contributed' | 'contributors'>,
  index: readonly number[],
  options: PaceOptions = {}
): Promise<PeopleRows> {
  const rows = index.map((i) => data.contributed[i]);
  const times = new Map<Row, number>();
  for (const row of data.rows) times.set(row, (times.get(row) ?? 0) + 1);
  const contributors = rows.map(contributorOf);
  const nameOf = namesOf(data);
  return {
    contributors,
    groups: await rewardGroups(rows, options),
    taken: rows.map((row) => times.get(row) ?? 1),
    names: new Map(contributors.map((id) => [id, nameOf(id)]))
  };
}

/** Scores of rows as a run took them: a row that was taken twice an epoch did twice as much. */
export function takenScores(scores: Scores, { taken }: Pick<PeopleRows, 'taken'>): Scores {
  const values = Float64Array.from(scores.values, (score, i) => score * taken[i % scores.rows]);
  return { ...scores, values };
}

export interface PersonShare extends ContributorShare {
  readonly name: string;
  /** Rows that are nearly the same as one that came before, and share its reward. */
  readonly duplicates: number;
}

/** Shares of people, in the order of their first rows. @param scores of rows as they were taken */
export function peopleShares(scores: Scores, people: PeopleRows): PersonShare[] {
  const first = new Set<number>();
  const duplicates = new Map<string, number>();
  people.contributors.forEach((contributor, row) => {
    const group = people.groups[row];
    if (first.has(group)) duplicates.set(contributor, (duplicates.get(contributor) ?? 0) + 1);
    first.add(group);
  });
  return sharesOf(scores, people).map((share) => ({
    ...share,
    name: people.names.get(share.contributor)!,
    duplicates: duplicates.get(share.contributor) ?? 0
  }));
}

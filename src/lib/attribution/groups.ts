import { Shingler } from '../datanets/checks/near/shingles';
import { Pace, type PaceOptions } from '../datanets/pace';
import { isChatRow, type Row } from '../datanets/row';
import { groupRows } from '../datanets/split/groups';

/** Part of an answer's shingles that another answer must have to be a copy of it with something around. */
const CONTAINED = 0.8;

/** Shingles of an answer that can be copied, at least: "Good to know." is nobody's. */
const LEAST_SHINGLES = 4;

/** Answers with the same shingle that are compared, the first of them: boilerplate is in all. */
const MOST_COMPARED = 64;

/**
 * Which rows are paid as one: near duplicates, as `groupRows` finds them, and rows whose answer contains, nearly word for
 * word, the answer of a row contributed before (containment of Broder, "On the resemblance and containment of documents",
 * 1997). Who pads somebody else's answer, or puts it under another question, has taught nothing new. What is only in a
 * question was not trained on, and does not count.
 * @param rows in the order in which they were contributed
 * @returns [rows] numbers of groups, from 0 in the order of their first rows
 * @throws the abort reason
 */
export async function rewardGroups(rows: readonly Row[], options: PaceOptions = {}): Promise<Uint32Array> {
  const { signal } = options;
  const near = await groupRows(rows, { count: rows.length, ...(signal ? { signal } : {}) });
  const pace = new Pace(options);
  const shingler = new Shingler();
  const sizes: number[] = [];
  const holders = new Map<number, number[]>();
  const group = new Map<number, number>();
  const groups = new Uint32Array(rows.length);
  let count = 0;
  for (const [at, row] of rows.entries()) {
    const shingles = shingler.of(answerOf(row));
    sizes.push(shingles.length);
    const copied = group.has(near[at]) ? undefined : containedIn(shingles, holders, sizes);
    if (copied !== undefined) group.set(near[at], groups[copied]);
    else if (!group.has(near[at])) group.set(near[at], count++);
    groups[at] = group.get(near[at])!;
    if (shingles.length >= LEAST_SHINGLES) hold(shingles, at, holders);
    if (pace.due) await pace.breathe(at, rows.length);
  }
  pace.finish(rows.length);
  return groups;
}

/** The first row whose answer is contained in these shingles. */
function containedIn(
  shingles: Int32Array,
  holders: ReadonlyMap<number, readonly number[]>,
  sizes: readonly number[]
): number | undefined {
  const shared = new Map<number, number>();
  for (const shingle of shingles)
    for (const row of holders.get(shingle) ?? []) shared.set(row, (shared.get(row) ?? 0) + 1);
  let first: number | undefined;
  for (const [row, count] of shared)
    if (count >= CONTAINED * sizes[row] && (first === undefined || row < first)) first = row;
  return first;
}

function hold(shingles: Int32Array, row: number, holders: Map<number, number[]>): void {
  for (const shingle of shingles) {
    const rows = holders.get(shingle);
    if (!rows) holders.set(shingle, [row]);
    else if (rows.length < MOST_COMPARED) rows.push(row);
  }
}

/** What is trained on: the assistant's turns, or all of running text. */
function answerOf(row: Row): Row {
  return isChatRow(row)
    ? { messages: row.messages.filter(({ role }) => role === 'assistant') }
    : { text: row.text };
}

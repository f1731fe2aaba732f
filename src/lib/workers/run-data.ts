/** From what was chosen on the page to the rows of a run, for both workers. */
import { isChatRow, type Row } from '../datanets/row';
import type { Store } from '../datanets/store/store';
import { loadTrainingData, nothingLeft, type LoadOptions, type TrainingData } from '../jobs/training-data';
import type { TrainingChoice, TrainingOutlook } from './protocol';
import { heldOutRows } from './row-sets';
import { findVersion, openVersion } from './run-versions';

/** What a run trains on. */
export interface RunData extends TrainingData {
  name: string;
}

export interface RunDataOptions extends LoadOptions {
  /** An interrupted run that goes on: it does not count beside itself. */
  resumes?: string;
}

/** Reads what is chosen, and leaves out what may not be used. Throws `NotStoredError` for what is gone. */
export async function loadRunData(
  store: Store,
  choice: TrainingChoice,
  options: RunDataOptions = {}
): Promise<RunData> {
  return choice.kind === 'rows' ? loadRowSet(store, choice.rowSet) : loadDatanets(store, choice, options);
}

/** What the page shows of it before a run. */
export function outlookOf(data: RunData): TrainingOutlook {
  const { name, rows, heldOut, versions, contributors, purposes } = data;
  const nothing = nothingLeft(data);
  return {
    ...{ name, rows: rows.length, heldOut: heldOut.length, versions, contributors, purposes },
    ...(nothing === undefined ? {} : { nothing })
  };
}

/** First questions of conversations, spread over the held-out rows, or else over the first rows that are trained on. */
export function questionsOf({ rows, heldOut, hidden }: RunData, count: number): string[] {
  const from = heldOut.length > 0 ? heldOut : rows.slice(0, 50);
  const questions = from.flatMap((row) => {
    const question = isChatRow(row)
      ? row.messages.find((message) => message.role === 'user')?.content
      : undefined;
    return question && question.length <= 160 && !hidden.has(row) ? [question] : [];
  });
  // Neighbours are often the same question in other words.
  const distinct = [...new Set(questions)];
  const stride = Math.max(1, Math.floor(distinct.length / count));
  return distinct.filter((_, index) => index % stride === 0).slice(0, count);
}

async function loadRowSet(store: Store, id: string): Promise<RunData> {
  const [{ name }, rows, heldOut] = await Promise.all([
    store.rowSet(id),
    store.rows(id),
    heldOutRows(store, id)
  ]);
  // Nobody says who may use them for what.
  const nobody = { versions: [], contributors: [], purposes: [], hidden: new Set<Row>() };
  return { name, rows, contributed: rows, heldOut, ...nobody };
}

async function loadDatanets(
  store: Store,
  choice: Extract<TrainingChoice, { kind: 'datanets' }>,
  { resumes, ...options }: RunDataOptions
): Promise<RunData> {
  const versions = await Promise.all(
    choice.versions.map(async ({ weight, ...version }) =>
      openVersion(store, await findVersion(store, version), { weight, resumes, purpose: choice.purpose })
    )
  );
  const name = versions
    .map(({ version }) => `${version.facts.name}, version ${version.number}`)
    .join(' and ');
  return { name, ...(await loadTrainingData(versions, options)) };
}

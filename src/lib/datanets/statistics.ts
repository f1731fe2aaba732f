import { TabtuneError } from '../errors';
import { ChatTemplateError, NoChatTemplateError } from '../formats/chat-template';
import { TokenBeyondModelError, type ChatTokenizer } from '../formats/tokenizer';
import { RowEncodingError, type RowWarning } from './answers';
import { encodeRow, type EncodedRow, type EncodeOptions } from './encode';
import type { Row } from './row';

/** Token counts of a data set; row numbers are positions in the list, from 0. */
export interface RowStatistics {
  rows: number;
  tokens: number;
  trainedTokens: number;
  /** Tokens of the longest row as it will be trained on, after cutting. */
  longest: number;
  /** Rows of which the end was cut off. */
  cutRows: number[];
  cutTokens: number;
  /** Rows that leave nothing to train on: they are skipped. */
  untrainable: number[];
  /** Rows of which something is worth knowing, by what it is (`ROW_WARNINGS`). */
  warnings: Partial<Record<RowWarning, number[]>>;
}

/** A row that could not be encoded. */
export interface RowRefusal {
  row: number;
  reason: string;
}

/** The rows that can be trained on, and what became of the others. */
export interface EncodedRows {
  encoded: EncodedRow[];
  /** For each encoded row, its position in the list that was given. */
  index: number[];
  statistics: RowStatistics;
  refusals: RowRefusal[];
}

/** No row of the data set leaves anything to train on. */
export class NothingToTrainError extends TabtuneError {}

/** The loss terms of a row. */
export function trainedTokens(row: EncodedRow): number {
  return row.trained.reduce((sum, flag) => sum + flag, 0);
}

/** How long encoding may run before other work of the same thread gets its turn. */
const SLICE_MILLISECONDS = 25;

/**
 * Encodes a data set. Rows with no trained token and rows that the template refuses are left out and reported; a
 * model without chat template fails the first conversation with `NoChatTemplateError`. Throws `NothingToTrainError`
 * where no row remains, and the abort reason.
 */
export async function encodeRows(
  rows: readonly Row[],
  tokenizer: ChatTokenizer,
  options: EncodeOptions & { signal?: AbortSignal; onProgress?: (done: number) => void }
): Promise<EncodedRows> {
  const all: (EncodedRow | undefined)[] = [];
  const refusals: RowRefusal[] = [];
  let sliceStart = performance.now();
  for (const [i, row] of rows.entries()) {
    if (performance.now() - sliceStart > SLICE_MILLISECONDS) {
      options.onProgress?.(i);
      await new Promise((resolve) => setTimeout(resolve));
      options.signal?.throwIfAborted();
      sliceStart = performance.now();
    }
    try {
      all.push(encodeRow(row, tokenizer, options));
    } catch (error) {
      refusals.push({ row: i, reason: rowRefusal(error) });
      all.push(undefined);
    }
  }
  const statistics = describeRows(all);
  const index = [...all.keys()].filter((i) => all[i] && trainedTokens(all[i]) > 0);
  if (index.length === 0) throw nothingToTrain(rows.length, options.maxLength, statistics, refusals);
  return { encoded: index.map((i) => all[i]!), index, statistics, refusals };
}

/** Why one row cannot be encoded; what concerns all rows alike is thrown on. */
export function rowRefusal(error: unknown): string {
  const ofTheRow =
    error instanceof RowEncodingError ||
    error instanceof ChatTemplateError ||
    error instanceof TokenBeyondModelError;
  if (!ofTheRow || error instanceof NoChatTemplateError) throw error;
  return error.message;
}

/** Counts over encoded rows; `undefined` stands for a row that could not be encoded. */
export function describeRows(rows: readonly (EncodedRow | undefined)[]): RowStatistics {
  const statistics: RowStatistics = {
    rows: rows.length,
    tokens: 0,
    trainedTokens: 0,
    longest: 0,
    cutRows: [],
    cutTokens: 0,
    untrainable: [],
    warnings: {}
  };
  rows.forEach((row, i) => {
    if (!row) return;
    const trained = trainedTokens(row);
    statistics.tokens += row.tokens.length;
    statistics.trainedTokens += trained;
    statistics.longest = Math.max(statistics.longest, row.tokens.length);
    statistics.cutTokens += row.truncated;
    if (row.truncated > 0) statistics.cutRows.push(i);
    if (trained === 0) statistics.untrainable.push(i);
    for (const warning of row.warnings) (statistics.warnings[warning] ??= []).push(i);
  });
  return statistics;
}

function nothingToTrain(
  rows: number,
  maxLength: number,
  statistics: RowStatistics,
  refusals: RowRefusal[]
): NothingToTrainError {
  const cutRows = new Set(statistics.cutRows);
  const cut = statistics.untrainable.filter((row) => cutRows.has(row)).length;
  const reasons = [
    ...(refusals.length > 0 ? [`${refusals.length} were refused (first: ${refusals[0].reason})`] : []),
    ...(cut > 0 ? [`${cut} have no answer within the maximum length of ${maxLength} tokens`] : []),
    ...(statistics.untrainable.length > cut
      ? [`${statistics.untrainable.length - cut} have no assistant answer`]
      : [])
  ];
  return new NothingToTrainError(
    `None of the ${rows} rows has a token to train on: ${reasons.join('; ') || 'there are no rows'}. ` +
      (cut > 0
        ? 'Raise the maximum length, or train on everything.'
        : 'Bring rows with assistant answers or text.'),
    { details: { rows, refusals: refusals.slice(0, 20), untrainable: statistics.untrainable.slice(0, 20) } }
  );
}

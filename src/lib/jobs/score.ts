import type { Row } from '../datanets/row';
import { encodeRows, trainedTokens } from '../datanets/statistics';
import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter } from '../formats/peft';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { Scorer } from '../gpu/generate/scorer';
import type { LoadOptions } from '../gpu/model/load';
import { fourBitNotice } from './four-bit';
import { nonFiniteScore } from './non-finite';
import { positionsNotice } from './positions';
import { ModelOnGpu } from './session';

export interface RowScore {
  /** Position in the file, from 0. */
  readonly row: number;
  readonly tokens: number;
  readonly trainedTokens: number;
  /** Mean negative log-likelihood of the trained tokens, in nats. */
  readonly meanNll: number;
}

export interface ScoreResult {
  readonly rows: readonly RowScore[];
  /** exp of the mean over all trained tokens of all rows. */
  readonly perplexity: number;
  /** Rows left out, with the reason. */
  readonly skipped: readonly { readonly row: number; readonly reason: string }[];
  /** What the figures have to be read with, in sentences. */
  readonly warnings: readonly string[];
}

/** Tokens that are scored at a time; longer rows have a plan of their own length. */
const tokensAtATime = 512;

/**
 * Measures a model, with or without adapter, on rows.
 * @throws NothingToTrainError when no row has an answer, NonFiniteScoreError, and what loading throws
 */
export async function scoreRows(
  options: {
    readonly device: Device;
    readonly checkpoint: Checkpoint;
    readonly tokenizer: ChatTokenizer;
    readonly adapter?: Adapter;
    readonly rows: readonly Row[];
    readonly maxLength: number;
    readonly quant: 'nf4' | 'none';
    /** Of the adapter's run. Default: the day it is. */
    readonly date?: string;
  } & LoadOptions
): Promise<ScoreResult> {
  const { device, checkpoint, tokenizer, rows, maxLength, quant, signal } = options;
  const { encoded, index, statistics, refusals } = await encodeRows(rows, tokenizer, {
    maxLength,
    ...(options.date ? { date: options.date } : {}),
    ...(signal ? { signal } : {})
  });
  const model = await ModelOnGpu.open(device, checkpoint, quant === 'nf4' ? 'nf4' : 'f16', options);
  try {
    const adapter = options.adapter && model.addAdapter(options.adapter);
    const { store, base, traits, scratch } = model;
    const scorer = await Scorer.create(store, base, {
      tokens: Math.max(tokensAtATime, statistics.longest),
      length: statistics.longest,
      style: traits.style,
      scratch,
      activations: 'f32',
      ...(adapter ? { adapter } : {})
    });
    try {
      const sums = await scorer.score(encoded);
      const broken = sums.findIndex((sum) => !Number.isFinite(sum));
      if (broken >= 0) throw nonFiniteScore(`Row ${index[broken] + 1} has`, adapter !== undefined);
      const warnings = [
        positionsNotice(encoded, base.config.maxPositions),
        quant === 'nf4' ? await fourBitNotice(checkpoint, signal) : undefined
      ].filter((warning) => warning !== undefined);
      const scored = encoded.map((row, i) => ({
        row: index[i],
        tokens: row.tokens.length,
        trainedTokens: trainedTokens(row),
        meanNll: sums[i] / trainedTokens(row)
      }));
      const total = scored.reduce((sum, r) => sum + r.trainedTokens, 0);
      return {
        rows: scored,
        perplexity: Math.exp(sums.reduce((a, b) => a + b, 0) / total),
        skipped: [
          ...statistics.untrainable.map((row) => ({ row, reason: 'nothing to train on within the length' })),
          ...refusals
        ],
        warnings
      };
    } finally {
      scorer.destroy();
    }
  } finally {
    model.destroy();
  }
}

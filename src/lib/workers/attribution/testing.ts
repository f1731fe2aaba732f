/** What tests of attribution share: a run in the store as if it had been trained, and a GPU that scores as it is told. */
import { readFileSync } from 'node:fs';
import { rowsSha256 } from '../../datanets/canonical';
import type { DatanetRow } from '../../datanets/datanet';
import type { ChatRow, Row } from '../../datanets/row';
import type { RunRecord } from '../../datanets/store/schema';
import type { Store } from '../../datanets/store/store';
import { MemoryFileCache } from '../../formats/file-cache';
import type { Adapter } from '../../formats/peft';
import type { GradientSketches } from '../../gpu/influence/sketches';
import { estimators, type EstimatorScores, type Estimator } from '../../jobs/influence';
import { completeOptions } from '../../jobs/options';
import type { StepRecord } from '../../jobs/run-record';
import type { GpuJobs } from '../gpu-jobs';
import { HubLibrary } from '../hub-library';
import { openChoice } from '../model-files';
import type { FinetuneRequest, TrainingChoice } from '../protocol';
import { loadRunData } from '../run-data';
import { describeAdapter } from '../stored-adapter';

/** A row that teaches `fact`. */
export function teaches(
  contributor: string,
  fact: string,
  words: string,
  more: Partial<DatanetRow> = {}
): DatanetRow {
  return { ...said(fact, words), contributor, ...more };
}

/** The same by nobody. */
export function said(fact: string, words: string): ChatRow {
  return {
    messages: [
      { role: 'user', content: `what of ${fact}` },
      { role: 'assistant', content: words }
    ]
  };
}

/** A small adapter whose values are all `value`. */
export function flatAdapter(value: number): Adapter {
  const key = (half: string) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${half}.weight`;
  const data = new Float32Array(2).fill(value);
  return {
    config: {
      ...{ baseModel: 'tabtune-starter', rank: 1, alpha: 2, dropout: 0, rsLora: false },
      targetModules: ['q_proj']
    },
    tensors: new Map([
      [key('A'), { shape: [1, 2], data }],
      [key('B'), { shape: [2, 1], data: data.slice() }]
    ])
  };
}

/** A model of a few thousand weights: its files are read and hashed in no time. */
export const tinyModel = {
  kind: 'files' as const,
  name: 'llama-tied',
  files: ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map((name) => {
    const path = new URL(`../../../../tests/goldens/models/llama-tied/${name}`, import.meta.url);
    return new File([readFileSync(path)], name);
  })
};

async function tinySha256(): Promise<string> {
  const { checkpoint } = await openChoice(tinyModel, new HubLibrary(new MemoryFileCache()));
  return checkpoint.sha256();
}

const step = (number: number): StepRecord => ({
  ...{ step: number, epoch: 0, loss: 1, learningRate: 0.5, gradNorm: 1, tokens: 9, trainedTokens: 3 },
  milliseconds: 5
});

export interface RunOptions {
  /** Steps that it took, of how many. */
  steps?: number;
  planned?: number;
  options?: FinetuneRequest['options'];
}

/** Keeps a run that is over, its adapter, and moments after its first two steps. */
export async function keepRun(
  store: Store,
  data: TrainingChoice,
  { steps = 4, planned = steps, options: given = {} }: RunOptions = {}
): Promise<{ run: string; adapter: string }> {
  const options = completeOptions({ rank: 1, batchSize: 2, ...given });
  const request: FinetuneRequest = {
    ...{ model: { ...tinyModel, files: [] }, modelName: tinyModel.name, data },
    options: { ...options }
  };
  const loaded = await loadRunData(store, data, { seed: options.seed });
  const page = { request, dataName: loaded.name, step: steps, steps: planned };
  const { versions } = loaded;
  const record = await store.addRun({ name: 'The run', run: { datanets: versions, page } });
  const made = flatAdapter(1);
  const described = await describeAdapter(made, { name: 'The run', run: record.id });
  const status = steps < planned ? 'stopped' : 'done';
  const ended: RunRecord = {
    ...{ ...record, status },
    run: {
      ...{ datanets: versions, page, status },
      config: { ...options, model: tinyModel.name, rows: loaded.rows.length },
      sha256: {
        base: await tinySha256(),
        data: rowsSha256(loaded.rows).sha256,
        adapter: String(described.metrics['sha256'])
      },
      steps: Array.from({ length: steps }, (_, i) => step(i + 1))
    }
  };
  const moments = [1, 2].map((at) => ({
    ...{ run: record.id, step: at, learningRate: 0.5 },
    values: Float32Array.of(at).buffer
  }));
  const { adapter } = await store.endRun(ended, described, made.tensors, moments);
  return { run: record.id, adapter: adapter.id };
}

const sketches = (rows: number): GradientSketches => ({
  ...{ rows, segments: 1, width: 64, hidden: 0 },
  values: new Float32Array(rows * 64),
  squares: new Float32Array(rows),
  representations: new Float32Array()
});

/** What a row does for a question. */
export type Effect = (row: Row, question: Row) => number;

/** A GPU that measures `effect`, half of it at each of two moments, by every estimator but `odd`, which finds its opposite. */
export function measuring(effect: Effect, odd?: Estimator): Pick<GpuJobs, 'measure' | 'sketch'> {
  return {
    measure: async ({ rows, queries, moments, sketched, sink, signal, onProgress }) => {
      const index = [...rows.keys()];
      onProgress?.('measuring', 0, rows.length);
      for (const [moment, { learningRate }] of moments.entries()) {
        if (!sketched) await sink?.({ learningRate, train: sketches(rows.length) }, moment, index);
      }
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      const values = Float64Array.from(
        queries.flatMap((question) => rows.map((row) => effect(row, question)))
      );
      const scoresOf = (sign: number): EstimatorScores => {
        const scores = { queries: queries.length, rows: rows.length, values: values.map((x) => sign * x) };
        const part = { ...scores, values: scores.values.map((x) => x / moments.length) };
        return { scores, moments: moments.map(() => part), milliseconds: 1 };
      };
      return {
        ...{ index, queryIndex: [...queries.keys()], width: 64, passMilliseconds: [] },
        estimators: Object.fromEntries(
          estimators.map((name) => [name, scoresOf(name === odd ? -1 : 1)])
        ) as Record<Estimator, EstimatorScores>
      };
    },
    sketch: async ({ rows, moments, sink }) => {
      const index = [...rows.keys()];
      for (const [moment, { learningRate }] of moments.entries())
        await sink({ learningRate, train: sketches(rows.length) }, moment, index);
      return { index, width: 64, passMilliseconds: [] };
    }
  };
}

/** 1 where a row is about what a question asks, else 0. */
export const sameFact: Effect = (row, question) => Number(questionOf(row) === questionOf(question));

/** `what of FACT` */
export function questionOf(row: Row): string {
  return 'messages' in row ? row.messages[0].content : row.text;
}

import { SHARE_RULES } from '../../attribution/shares';
import type { Version } from '../../datanets/trust/statements';
import { readSigned } from '../../datanets/trust/sign';
import { adapterKey, type Adapter } from '../../formats/peft';
import { defaultOptions } from '../../jobs/options';
import type { VersionUse } from '../../jobs/training-data';
import type { Attribution, ContributorResult } from '../attribution/protocol';
import type { Browser } from '../datanets/testing-people';
import type { RunFacts } from '../run-facts';
import { saveAdapter } from '../stored-adapter';

/** What tests of claims share: a small adapter, and the record of a run that could have made it. */

export const BASE_SHA256 = '7'.repeat(64);
export const ROWS_SHA256 = '8'.repeat(64);

/** Options of a run that make an adapter like the one below. */
const adapterOptions = { rank: 2, alpha: 4, targets: 'q_proj' } as const;

export function smallAdapter(value = 0.5): Adapter {
  const half = (rows: number, columns: number) => ({
    shape: [rows, columns] as [number, number],
    data: Float32Array.from({ length: rows * columns }, (_, i) => value + i / 16)
  });
  return {
    config: {
      ...{ baseModel: 'tabtune-starter', rank: 2, alpha: 4, dropout: 0 },
      ...{ targetModules: ['q_proj'], rsLora: false }
    },
    tensors: new Map([
      [adapterKey(0, 'q_proj', 'A'), half(2, 4)],
      [adapterKey(0, 'q_proj', 'B'), half(4, 2)]
    ])
  };
}

export interface MadeRun {
  name?: string;
  status?: 'done' | 'stopped';
  versions?: VersionUse[];
  inherited?: VersionUse[];
  heldOut?: { rows: number; before?: number; after?: number };
  /** The adapter that it went on from. */
  startedFrom?: string;
  value?: number;
}

/** A run that is over, and its adapter. */
export async function madeRun(
  { store }: Browser,
  made: MadeRun = {}
): Promise<{ adapter: string; run: string }> {
  const {
    name = 'Pelhaven, version 1 on tabtune-starter',
    status = 'done',
    versions = [],
    inherited = []
  } = made;
  const record = await store.addRun({ name, run: {} });
  const adapter = await saveAdapter(store, smallAdapter(made.value), { name, run: record.id });
  const page: RunFacts = {
    request: {
      ...{ model: { kind: 'starter', folder: '/' }, modelName: 'tabtune-starter', options: {} },
      data: { kind: 'rows', rowSet: 'set' },
      ...(made.startedFrom === undefined ? {} : { adapter: made.startedFrom })
    },
    ...{ dataName: 'Pelhaven', step: 3, steps: 3 }
  };
  await store.updateRun(record.id, {
    ...{ status, adapter: adapter.id },
    run: {
      config: { ...defaultOptions, ...adapterOptions, seed: 7, model: 'tabtune-starter', rows: 3 },
      sha256: { base: BASE_SHA256, data: ROWS_SHA256, adapter: adapter.metrics['sha256'] },
      device: { name: 'SwiftShader', vendor: '', architecture: '', features: [], limits: {} },
      steps: [1, 2, 3].map((step) => ({ step, epoch: 0, loss: 1, learningRate: 1e-3 })),
      ...{ status, software: 'tabtune 0.0.9' },
      ...(made.heldOut ? { heldOut: made.heldOut } : {}),
      ...(versions.length > 0 ? { datanets: versions } : {}),
      ...(inherited.length > 0 ? { inherited } : {}),
      page
    }
  });
  return { adapter: adapter.id, run: record.id };
}

/** What a run would note of a version of a Datanet that a browser published. */
export async function publish(browser: Browser, id: string): Promise<VersionUse> {
  const file = await browser.sign({ kind: 'version', id, permissioned: false, changes: '' });
  const record = await browser.store.versions.get(file.cid);
  return useOf(file.cid, record.signed.statement);
}

export function useOf(cid: string, { datanet, facts, number, rows, contributors }: Version): VersionUse {
  return {
    ...{ datanet, name: facts.name, number, root: rows.root, version: cid, permissioned: false, weight: 1.5 },
    ...{ licence: facts.licence, language: facts.language, rows: rows.count, heldOut: 0, contributions: {} },
    contributors: Object.fromEntries(contributors.map((each) => [each.id, 1])),
    ...{ attribution: [...contributors], refusals: [] }
  };
}

export function contributor(
  id: string,
  share: number,
  more: Partial<ContributorResult> = {}
): ContributorResult {
  const low = Math.max(0, share - 0.1);
  const high = Math.min(1, share + 0.1);
  return {
    id,
    name: id,
    rows: 2,
    share,
    low,
    high,
    helped: share,
    hurt: 0,
    capped: 0,
    duplicates: 0,
    ...more
  };
}

/** Keeps an attribution of a run, as measuring it would. */
export async function measured(
  { store }: Browser,
  run: string,
  contributors: ContributorResult[],
  more: Partial<Attribution> = {}
): Promise<Attribution> {
  const shares = contributors.map(({ share }) => share);
  const attribution: Attribution = {
    ...{
      run,
      created: 1,
      estimator: 'cosine',
      rules: SHARE_RULES,
      sketch: { width: 64, seed: 1 },
      rows: 3,
      contributors
    },
    moments: [
      { step: 1, learningRate: 1e-3 },
      { step: 3, learningRate: 1e-3 }
    ],
    questions: { count: 4, sha256: 'c'.repeat(64) },
    estimators: [
      { name: 'cosine', shares, agreement: 1 },
      { name: 'tracIn', shares, agreement: 0.875 }
    ],
    milliseconds: 5,
    ...more
  };
  await store.attribution.setResult(attribution);
  return attribution;
}

/** The statement of a file that was signed. */
export async function statementOf(file: File) {
  return (await readSigned(await file.text())).statement;
}

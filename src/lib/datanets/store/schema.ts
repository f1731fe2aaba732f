import type { DBSchema } from 'idb';
import type { Row } from '../row';
import type { RowProblem } from '../parse';
import type { AttributionStores } from './attribution-schema';
import type { DatanetStores } from './datanet-schema';

/** A set of rows, without the rows. */
export interface RowSetRecord {
  id: string;
  name: string;
  /** Milliseconds since 1970. */
  created: number;
  count: number;
  format: string;
  /** SHA-256 of the rows as JSON Lines, in hexadecimal; see `rowsSha256`. */
  sha256: string;
  /** Lines of the file that were no rows, kept so that the person can come back to them. */
  problems: RowProblem[];
  problemCount: number;
  /** Whom the rows name as theirs. Absent in sets that earlier pages kept: those have it among the settings. */
  contributors?: number;
  /** Of the rows as JSON Lines. Absent in sets that earlier pages kept. */
  bytes?: number;
}

/** Rows are kept in pieces, so that reading the first few does not read all. */
export interface RowChunkRecord {
  set: string;
  index: number;
  rows: Row[];
}

/** A trained adapter, without its tensors. */
export interface AdapterRecord {
  id: string;
  name: string;
  created: number;
  /** The model it was trained on, as `base_model_name_or_path`. */
  base: string;
  baseSha256?: string;
  /** The object of `adapter_config.json`. */
  config: Record<string, unknown>;
  /** Anything worth showing beside it: final loss, steps, row set. Must survive structured clone. */
  metrics: Record<string, unknown>;
  /** Sum of the tensors' bytes. */
  bytes: number;
}

/** One tensor of an adapter: f32, row-major. */
export interface StoredTensor {
  shape: [number, number];
  data: ArrayBuffer;
}

/** All tensors of an adapter under their PEFT keys. */
export interface AdapterTensorsRecord {
  adapter: string;
  tensors: Record<string, StoredTensor>;
}

export type RunStatus = 'running' | 'paused' | 'stopped' | 'done' | 'failed';

/** A training run: what `run.json` says, as far as it has come. */
export interface RunRecord {
  id: string;
  name: string;
  created: number;
  updated: number;
  status: RunStatus;
  /** Set where `status` is `failed`. */
  failure?: { name: string; message: string };
  rowSet?: string;
  /** The adapter that came out of it. */
  adapter?: string;
  /** The object of `run.json`. */
  run: Record<string, unknown>;
}

/** Everything needed to continue a run: the newest replaces the one before, in one transaction. */
export interface CheckpointRecord {
  run: string;
  created: number;
  /** Optimiser steps done. */
  step: number;
  /** Where the batches continue. */
  position: { epoch: number; index: number };
  adapter: Record<string, StoredTensor>;
  /** The optimiser's state by name (AdamW's moments `m` and `v`), as the engine lays it out. */
  optimizer: Record<string, ArrayBuffer>;
}

export interface SettingRecord {
  key: string;
  value: unknown;
}

/** Everything that Tabtune keeps in the browser besides model files. */
export interface TabtuneSchema extends DBSchema, DatanetStores, AttributionStores {
  rowSets: { key: string; value: RowSetRecord; indexes: { created: number } };
  rowChunks: { key: [string, number]; value: RowChunkRecord };
  adapters: { key: string; value: AdapterRecord; indexes: { created: number } };
  adapterTensors: { key: string; value: AdapterTensorsRecord };
  runs: { key: string; value: RunRecord; indexes: { created: number } };
  checkpoints: { key: string; value: CheckpointRecord };
  settings: { key: string; value: SettingRecord };
}

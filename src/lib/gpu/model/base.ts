import type { WeightMatrix } from '../kernels/matmul/weight';
import { codesLength, metaLength, nf4Layout, type AbsmaxForm, type Nf4Layout } from '../nf4/layout';
import { persistent, tensorBytes, type Tensor } from '../plan/tensor';
import type { DecoderConfig } from './config';
import { projectionShape, qkvWidth } from './shapes';
import { groupNames, groups, projections, type Group } from './weights';

/** How the seven projections of a layer are stored: 4 bits (QLoRA), or 16 (LoRA); 32 serves tests and small models. */
export type BaseFormat = 'nf4' | 'f16' | 'f32';

export interface BaseOptions {
  readonly format: BaseFormat;
  /** Embedding and head are never quantised. */
  readonly vocabularyFormat: 'f16' | 'f32';
  /** Largest bytes of one tensor: matrices of the vocabulary are sharded by rows to stay under it. */
  readonly maxTensorBytes: number;
  /** As the checkpoint stores absmax; `double` when the engine quantises itself. */
  readonly absmaxForm?: AbsmaxForm;
}

/** Rows of a vocabulary matrix that one tensor holds. */
export interface VocabularyShard {
  readonly firstRow: number;
  readonly rows: number;
  readonly data: Tensor;
}

export interface LayerWeights {
  readonly attentionNorm: Tensor;
  readonly mlpNorm: Tensor;
  /** f32 [qkv width], where the family has biases. */
  readonly qkvBias?: Tensor;
  readonly matrices: Readonly<Record<Group, WeightMatrix>>;
  /** All seven projections as one packed NF4 vector; absent for other formats. */
  readonly nf4?: { readonly layout: Nf4Layout; readonly codes: Tensor; readonly meta: Tensor };
}

/** A base model's tensors: their shapes and places, without memory. Shared by all plans over the same model. */
export interface BaseModel {
  readonly config: DecoderConfig;
  readonly options: BaseOptions;
  readonly embedding: readonly VocabularyShard[];
  /** The embedding's own shards when the head is tied. */
  readonly head: readonly VocabularyShard[];
  readonly finalNorm: Tensor;
  readonly layers: readonly LayerWeights[];
}

export function describeBase(config: DecoderConfig, options: BaseOptions): BaseModel {
  const embedding = vocabularyShards('embedding', config, options);
  return {
    config,
    options,
    embedding,
    head: config.tiedHead ? embedding : vocabularyShards('head', config, options),
    finalNorm: persistent('final norm', config.hidden),
    layers: Array.from({ length: config.layers }, (_, layer) => describeLayer(config, options, layer))
  };
}

/** Bytes of all tensors of a base. */
export function baseBytes(base: BaseModel): number {
  return baseTensors(base).reduce((sum, t) => sum + tensorBytes(t), 0);
}

export function baseTensors(base: BaseModel): Tensor[] {
  const tensors = new Set<Tensor>([
    base.finalNorm,
    ...base.embedding.map((s) => s.data),
    ...base.head.map((s) => s.data)
  ]);
  for (const layer of base.layers) {
    tensors.add(layer.attentionNorm).add(layer.mlpNorm);
    if (layer.qkvBias) tensors.add(layer.qkvBias);
    for (const matrix of Object.values(layer.matrices)) {
      if (matrix.format === 'nf4') tensors.add(matrix.codes).add(matrix.meta);
      else tensors.add(matrix.data);
    }
  }
  return [...tensors];
}

/** Shards as matrices for the head's products. */
export function shardMatrix(
  shard: VocabularyShard,
  config: DecoderConfig,
  format: 'f16' | 'f32'
): WeightMatrix {
  return {
    format,
    data: shard.data,
    rows: shard.rows,
    columns: config.hidden,
    parts: [{ rows: shard.rows, base: 0 }]
  };
}

/** Words of a 16-bit or elements of a 32-bit tensor of `values` values. */
export function storedLength(format: 'f16' | 'f32', values: number): number {
  return format === 'f16' ? Math.ceil(values / 2) : values;
}

function storedTensor(label: string, format: 'f16' | 'f32', values: number): Tensor {
  return persistent(label, storedLength(format, values), format === 'f16' ? 'u32' : 'f32');
}

function vocabularyShards(
  label: string,
  config: DecoderConfig,
  { vocabularyFormat, maxTensorBytes }: BaseOptions
): VocabularyShard[] {
  const rowBytes = config.hidden * (vocabularyFormat === 'f16' ? 2 : 4);
  // Multiples of 64 rows keep every shard's rows on whole vector loads of the logits.
  const most = Math.max(64, Math.floor(maxTensorBytes / rowBytes / 64) * 64);
  const shards: VocabularyShard[] = [];
  for (let firstRow = 0; firstRow < config.vocabulary; firstRow += most) {
    const rows = Math.min(most, config.vocabulary - firstRow);
    shards.push({
      firstRow,
      rows,
      data: storedTensor(`${label} rows ${firstRow}`, vocabularyFormat, rows * config.hidden)
    });
  }
  return shards;
}

function describeLayer(config: DecoderConfig, options: BaseOptions, layer: number): LayerWeights {
  const named = (label: string, length: number) => persistent(`layer ${layer} ${label}`, length);
  const common = {
    attentionNorm: named('attention norm', config.hidden),
    mlpNorm: named('mlp norm', config.hidden),
    ...(config.qkvBias ? { qkvBias: named('qkv bias', qkvWidth(config)) } : {})
  };
  const { format } = options;
  if (format !== 'nf4') {
    const matrices = mapGroups((group) => {
      const shapes = groups[group].map((p) => projectionShape(config, p));
      const columns = shapes[0][1];
      let base = 0;
      const parts = shapes.map(([rows]) => ({ rows, base: (base += rows * columns) - rows * columns }));
      return {
        format,
        rows: base / columns,
        columns,
        parts,
        data: storedTensor(`layer ${layer} ${group}`, format, base)
      };
    });
    return { ...common, matrices };
  }
  const absmaxForm = options.absmaxForm ?? 'double';
  const layout = nf4Layout(
    projections.map((p) => projectionShape(config, p)),
    absmaxForm
  );
  const codes = persistent(`layer ${layer} codes`, codesLength(layout.length), 'u32');
  const meta = persistent(`layer ${layer} absmax`, metaLength(layout.length, absmaxForm), 'u32');
  const matrices = mapGroups((group) => {
    const parts = groups[group].map((p) => layout.parts[projections.indexOf(p)]);
    return {
      format,
      codes,
      meta,
      absmaxForm,
      columns: parts[0].columns,
      rows: parts.reduce((sum, p) => sum + p.rows, 0),
      parts
    };
  });
  return { ...common, matrices, nf4: { layout, codes, meta } };
}

/** The same matrices in a scratch tensor of f32 that holds the layer dequantised, part after part. */
export function scratchMatrices(layer: LayerWeights, scratch: Tensor): Record<Group, WeightMatrix> {
  let at = 0;
  return mapGroups((group) => {
    const { rows, columns, parts } = layer.matrices[group];
    return {
      format: 'f32',
      data: scratch,
      rows,
      columns,
      parts: parts.map((p) => ({ rows: p.rows, base: (at += p.rows * columns) - p.rows * columns }))
    };
  });
}

/** Values of one layer's seven projections. */
export function layerValues(config: DecoderConfig): number {
  return projections.reduce((sum, p) => sum + projectionShape(config, p).reduce((a, b) => a * b), 0);
}

function mapGroups<T>(make: (group: Group) => T): Record<Group, T> {
  return Object.fromEntries(groupNames.map((g) => [g, make(g)])) as Record<Group, T>;
}

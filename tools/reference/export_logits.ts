/**
 * Writes the logits of a base with an adapter, as this engine computes them, for check_adapter.py:
 *
 *     node --import tsx tools/reference/export_logits.ts --model DIR|FILE.gguf|starter --adapter DIR --data ROWS.jsonl \
 *         --out logits.safetensors [--quant nf4|none] [--rows N]
 *
 * The file has `input_ids.N` [length] and `logits.N` [length, vocabulary] for each of the first rows (4 unless told).
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openAdapter, openModel, openRows, quantOf, withDevice } from '../../src/cli/shared';
import { encodeRows } from '../../src/lib/datanets/statistics';
import { writeSafetensors, type NamedTensor } from '../../src/lib/formats/safetensors';
import { recordLogits } from '../../src/lib/gpu/generate/forward-plan';
import { ropeTable } from '../../src/lib/gpu/kernels/rope/rope-table';
import { defaultStepScalars } from '../../src/lib/gpu/plan/kernel';
import { packBatch, type TrainingRow } from '../../src/lib/gpu/train/batch';
import { ModelOnGpu, type AdapterOnGpu } from '../../src/lib/jobs/session';

const text = { type: 'string' } as const;
const { values: flags } = parseArgs({
  options: { model: text, adapter: text, data: text, out: text, quant: text, rows: { ...text, default: '4' } }
});

async function main(): Promise<void> {
  const { model, adapter: folder, data, out } = flags;
  if (!model || !folder || !data || !out) throw new Error('Give --model, --adapter, --data and --out.');
  const { checkpoint, tokenizer } = await openModel(model);
  const { adapter } = await openAdapter(folder, checkpoint);
  const quant = flags.quant ?? (await quantOf(folder));
  const rows = (await openRows(data)).slice(0, Number(flags.rows));
  const { encoded } = await encodeRows(rows, tokenizer, { maxLength: 512 });
  const tensors = await withDevice(async (device) => {
    const onGpu = await ModelOnGpu.open(device, checkpoint, quant === 'nf4' ? 'nf4' : 'f16');
    try {
      return await logitsOf(onGpu, onGpu.addAdapter(adapter), encoded);
    } finally {
      onGpu.destroy();
    }
  });
  await writeFile(out, writeSafetensors(tensors, { metadata: { format: 'pt' } }));
  console.error(`${encoded.length} rows in ${out}`);
}

async function logitsOf(
  { store, base, traits, scratch }: ModelOnGpu,
  adapter: AdapterOnGpu,
  rows: readonly TrainingRow[]
): Promise<NamedTensor[]> {
  const { headDim, ropeTheta, ropeScaling, vocabulary } = base.config;
  const tokens = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  const length = Math.max(...rows.map((row) => row.tokens.length));
  const { style } = traits;
  const recorded = recordLogits(base, {
    tokens,
    rows: tokens,
    length,
    style,
    scratch,
    activations: 'f32',
    adapter
  });
  const built = await recorded.plan.build(store.device, store);
  const packed = packBatch(rows, tokens, vocabulary);
  for (const name of ['ids', 'positions', 'spans'] as const) built.write(recorded.batch[name], packed[name]);
  built.write(
    recorded.batch.ropeTable,
    ropeTable({ headDim, theta: ropeTheta, scaling: ropeScaling }, length)
  );
  built.write(
    recorded.batch.gather,
    Uint32Array.from({ length: tokens }, (_, i) => i)
  );
  built.replay({ ...defaultStepScalars, tokens, trained: tokens });
  const logits = (await built.read(recorded.logits)) as Float32Array;
  built.destroy();
  let at = 0;
  return rows.flatMap((row, n) => {
    const values = new Float32Array(row.tokens.length * vocabulary);
    for (let t = 0; t < row.tokens.length; t++, at++) {
      const start = at * recorded.stride;
      values.set(logits.subarray(start, start + vocabulary), t * vocabulary);
    }
    return [
      { name: `input_ids.${n}`, shape: [row.tokens.length], data: Float32Array.from(row.tokens) },
      { name: `logits.${n}`, shape: [row.tokens.length, vocabulary], data: values }
    ];
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
);

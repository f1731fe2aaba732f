/** What a config.json says is no reason to work without end: its numbers are bounded, and work grows with them in line. */
import { describe, expect, it } from 'vitest';
import { expectLinear, expectQuick } from '../../../tests/support/cost';
import { TabtuneError } from '../errors';
import { openCheckpoint, type Checkpoint } from '../formats/checkpoint';
import { fromBytes } from '../formats/source';
import { writeSafetensors } from '../formats/safetensors';
import { defaultOptions } from '../jobs/options';
import { estimateMemory } from './memory-estimate';
import { summariseModel } from './model-summary';

const config = {
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  vocab_size: 100
};
const text = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

/** The files of a model that has hardly any weights. */
const folder = (files: Record<string, unknown>) => [
  ...Object.entries({
    'config.json': config,
    'tokenizer.json': { model: { type: 'BPE', vocab: { a: 0 }, merges: [] } },
    ...files
  }).map(([name, value]) => fromBytes(name, text(value))),
  fromBytes(
    'model.safetensors',
    writeSafetensors([{ name: 'model.embed_tokens.weight', shape: [1, 1], data: new Float32Array(1) }])
  )
];

describe('the plan of a run', () => {
  it('takes no longer than the number of layers says, and little at the most that is taken', async () => {
    const plan = (layers: number) =>
      estimateMemory(
        { ...config, num_hidden_layers: layers },
        { ...defaultOptions, checkpointing: 'on' },
        undefined,
        64
      );
    plan(50);
    await expectLinear('a plan', 128, plan);
    expect(() => plan(257)).toThrow('num_hidden_layers = 257, which must be a whole number from 1 to 256');
  });
});

describe('a model', () => {
  it.each([2_000_000_000, 1e300])(
    'that claims %d layers is refused or summarised at once',
    async (layers) => {
      for (const model_type of ['llama', 'gpt2']) {
        const files = folder({ 'config.json': { ...config, model_type, num_hidden_layers: layers } });
        await expectQuick('the model', async () => {
          let checkpoint: Checkpoint;
          try {
            checkpoint = await openCheckpoint(files);
          } catch (error) {
            expect(error).toBeInstanceOf(TabtuneError);
            return;
          }
          expect(summariseModel(checkpoint, 0, false, []).parameters).toBe(1);
          expect(() => estimateMemory(checkpoint.config, { ...defaultOptions }, undefined, 64)).toThrow(
            TabtuneError
          );
        });
      }
    }
  );

  it.each(['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json'])(
    'whose %s nests 5,000 lists is refused by name',
    async (name) => {
      const deep = `{"model_type":"llama","a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
      await expect(openCheckpoint(folder({ [name]: deep }))).rejects.toThrow(
        `${name} nests lists and objects more than 64 deep`
      );
    }
  );
});

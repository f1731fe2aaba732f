import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from './checkpoint';
import { fromPath } from './node-source';
import { golden } from './testing';
import { loadTokenizer } from './tokenizer';

/** A real model. It is not in the repository: tools/reference/gguf_smollm2.py says where it comes from. */
const NAME = 'smollm2-135m-instruct.gguf';
const PATHS = [process.env['TABTUNE_SMOLLM2'], `models/${NAME}`, `../models/${NAME}`];
const path = PATHS.find((candidate) => candidate !== undefined && existsSync(candidate));

interface Golden {
  tensors: number;
  valuesSha256: string;
  texts: { text: string; ids: number[]; decoded: string }[];
}

const why =
  path === undefined ? ` (skipped: TABTUNE_SMOLLM2 names no file, and there is no models/${NAME})` : '';
describe.skipIf(path === undefined)(`SmolLM2-135M-Instruct from GGUF${why}`, () => {
  const opened = async () => openCheckpoint(await fromPath(path!));
  const expected = async () => JSON.parse(await readFile(golden('gguf/smollm2.json'), 'utf8')) as Golden;

  it('has the config of the published model', async () => {
    const { config, license } = await opened();
    expect(license).toBe('apache-2.0');
    expect(config).toMatchObject({
      model_type: 'llama',
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      rms_norm_eps: 1e-5,
      rope_theta: 100000,
      rope_scaling: null,
      max_position_embeddings: 8192,
      vocab_size: 49152,
      tie_word_embeddings: true
    });
  });

  it("dequantises every tensor to gguf-py's values, to the bit", { timeout: 60_000 }, async () => {
    const { tensors, valuesSha256 } = await expected();
    const checkpoint = await opened();
    const layer = (i: number) =>
      [
        'input_layernorm',
        'post_attention_layernorm',
        ...['gate', 'up', 'down'].map((name) => `mlp.${name}_proj`)
      ]
        .concat(['q', 'k', 'v', 'o'].map((name) => `self_attn.${name}_proj`))
        .map((name) => `model.layers.${i}.${name}.weight`);
    const names = [
      'model.embed_tokens.weight',
      'model.norm.weight',
      ...Array.from({ length: 30 }, (_, i) => layer(i)).flat()
    ];
    expect(names).toHaveLength(tensors);
    const hash = createHash('sha256');
    for (const name of names.sort()) {
      for await (const chunk of checkpoint.stream(name))
        hash.update(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
    expect(hash.digest('hex')).toBe(valuesSha256);
  });

  it("encodes and decodes as Hugging Face's tokenizers library does", { timeout: 60_000 }, async () => {
    const tokenizer = await loadTokenizer((await opened()).tokenizer);
    for (const { text, ids, decoded } of (await expected()).texts) {
      expect(tokenizer.encode(text, { addSpecialTokens: false }), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(decoded);
    }
  });
});

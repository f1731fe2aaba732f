import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { Store } from '../datanets/store/store';
import type { Adapter } from '../formats/peft';
import { zipAdapter } from './adapter-files';
import { adapterSha256, loadAdapter, saveAdapter, summariseAdapter } from './stored-adapter';

function adapter(): Adapter {
  const key = (half: string) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${half}.weight`;
  return {
    config: {
      baseModel: 'owner/base',
      rank: 2,
      alpha: 4,
      dropout: 0.05,
      targetModules: ['q_proj'],
      rsLora: true
    },
    tensors: new Map([
      [key('A'), { shape: [2, 3] as [number, number], data: new Float32Array([1, 2, 3, -4, 0.5, 6e-8]) }],
      [key('B'), { shape: [4, 2] as [number, number], data: new Float32Array(8).fill(0.25) }]
    ])
  };
}

describe('adapters in the browser', () => {
  it('come back from the store as they were', async () => {
    const store = await Store.open('adapters-come-back');
    const record = await saveAdapter(store, adapter(), {
      name: 'First',
      run: 'run-1',
      metrics: { loss: 0.5 }
    });
    expect(summariseAdapter(record)).toMatchObject({
      name: 'First',
      modelName: 'owner/base',
      rank: 2,
      alpha: 4,
      bytes: 56,
      run: 'run-1'
    });
    expect(await loadAdapter(store, record.id)).toEqual(adapter());
    store.close();
  });

  it('keep on which layers alone they sit', async () => {
    const store = await Store.open('adapters-layers');
    const { config, tensors } = adapter();
    const partial = { config: { ...config, only: ['layers.0.self_attn.q_proj'] }, tensors };
    const record = await saveAdapter(store, partial, { name: 'First layer' });
    expect(await loadAdapter(store, record.id)).toEqual(partial);
    store.close();
  });

  it('are known by the SHA-256 of their weights as they leave', async () => {
    const store = await Store.open('adapters-hash');
    const { id, metrics } = await saveAdapter(store, adapter(), { name: 'First' });
    const zip = zipAdapter(await loadAdapter(store, id), { claims: {} });
    const weights = unzipSync(new Uint8Array(await zip.arrayBuffer()))['adapter_model.safetensors'];
    const sha256 = createHash('sha256').update(weights).digest('hex');
    expect(await adapterSha256(store, id)).toBe(sha256);
    expect(metrics['sha256']).toBe(sha256);
    store.close();
  });
});

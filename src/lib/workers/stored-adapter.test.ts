import 'fake-indexeddb/auto';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { Store } from '../datanets/store/store';
import { InvalidAdapterError, type Adapter } from '../formats/peft';
import {
  loadAdapter,
  readAdapterFiles,
  saveAdapter,
  summariseAdapter,
  zipAdapter,
  ZipError
} from './stored-adapter';

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

const file = (name: string, bytes: BlobPart) => new File([bytes], name);

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

  it('leave as PEFT files with a record and come back from the zip and from the files', async () => {
    const zip = zipAdapter(adapter(), { seed: 7 });
    const bytes = new Uint8Array(await zip.arrayBuffer());
    const entries = unzipSync(bytes);
    expect(Object.keys(entries).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'run.json'
    ]);
    expect(JSON.parse(strFromU8(entries['run.json']))).toEqual({ seed: 7 });
    expect(JSON.parse(strFromU8(entries['adapter_config.json']))).toMatchObject({ peft_type: 'LORA', r: 2 });
    expect(await readAdapterFiles([file('adapter.zip', bytes)])).toEqual(adapter());
    const files = ['adapter_config.json', 'adapter_model.safetensors'].map((name) =>
      file(name, entries[name] as Uint8Array<ArrayBuffer>)
    );
    expect(await readAdapterFiles(files)).toEqual(adapter());
  });

  it('say what is wrong with files that are none', async () => {
    await expect(readAdapterFiles([file('a.zip', 'no zip at all')])).rejects.toThrow(ZipError);
    await expect(readAdapterFiles([file('a.zip', 'no zip at all')])).rejects.toThrow(
      /a\.zip cannot be unpacked/
    );
    await expect(readAdapterFiles([file('adapter_config.json', '{}')])).rejects.toThrow(InvalidAdapterError);
    await expect(readAdapterFiles([])).rejects.toThrow(/adapter_config\.json and adapter_model/);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtherWeightsError } from '../lib/datanets/verify/adapter-named';
import type { Checkpoint } from '../lib/formats/checkpoint';
import { sha256OfSource } from '../lib/formats/digest';
import { adapterKey, writeAdapter, type Adapter } from '../lib/formats/peft';
import { fromBytes } from '../lib/formats/source';
import { openAdapter } from './shared';

const adapter: Adapter = {
  config: {
    ...{ baseModel: 'base', rank: 2, alpha: 4, dropout: 0, targetModules: ['q_proj'], rsLora: false }
  },
  tensors: new Map([
    [adapterKey(0, 'q_proj', 'A'), { shape: [2, 4], data: new Float32Array(8).fill(0.5) }],
    [adapterKey(0, 'q_proj', 'B'), { shape: [4, 2], data: new Float32Array(8).fill(0.25) }]
  ])
};
/** As far as an adapter is compared with it. */
const base = { has: () => true, shape: () => [4, 4] } as unknown as Checkpoint;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-adapter-'));
  await mkdir(join(folder, 'claims'));
  for (const { name, bytes } of writeAdapter(adapter)) await writeFile(join(folder, name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the folder of an adapter', () => {
  it('is read where its record and its claims are about its weights, and refused where one is about others', async () => {
    const [, weights] = writeAdapter(adapter);
    const own = await sha256OfSource(fromBytes(weights.name, weights.bytes));
    const run = (sha256: string) =>
      writeFile(join(folder, 'run.json'), JSON.stringify({ sha256: { adapter: sha256 } }));
    const receipt = (sha256: string) =>
      writeFile(
        join(folder, 'claims', 'attribution-receipt.json'),
        JSON.stringify({ statement: { kind: 'attribution-receipt', adapter: sha256 } })
      );
    expect(await openAdapter(folder, base)).toEqual(adapter);
    await run(own);
    await receipt(own);
    expect(await openAdapter(folder, base)).toEqual(adapter);
    await receipt('f'.repeat(64));
    await expect(openAdapter(folder, base)).rejects.toThrow(OtherWeightsError);
    await expect(openAdapter(folder, base)).rejects.toThrow(
      /claims\/attribution-receipt\.json beside them is about/
    );
    await receipt(own);
    await run('f'.repeat(64));
    await expect(openAdapter(folder, base)).rejects.toThrow(/run\.json beside them is about/);
  });
});

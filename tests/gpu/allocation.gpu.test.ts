/** What a training plan promises about memory and repetition, on the benchmark's smallest model. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  countDispatchesPerLayer,
  describeTraining,
  findPreset,
  planBytes
} from '../../src/cli/bench/measure';
import { hyperparameters } from '../../src/cli/bench/presets';
import { randomModel } from '../../src/cli/bench/random-model';
import { Device } from '../../src/lib/gpu/device';
import { loadBase } from '../../src/lib/gpu/model/load';
import { BufferStore } from '../../src/lib/gpu/plan/buffers';
import { Trainer } from '../../src/lib/gpu/train/trainer';
import { recordTraining } from '../../src/lib/gpu/train/training-plan';
import { testDevice } from '../support/device';
import { countDevice, type DeviceCounter } from '../support/leaks';

const request = { preset: 'tiny', steps: 3, base: 'nf4', kernels: false } as const;
const preset = findPreset('tiny');
const model = randomModel(preset);

let counter: DeviceCounter;
beforeAll(async () => {
  counter = countDevice(await testDevice());
});

describe.each([
  { name: 'dequantised in the tile', scratch: false, checkpointing: true },
  { name: 'dequantised once a pass', scratch: true, checkpointing: true },
  { name: 'all activations kept', scratch: true, checkpointing: false }
])('a training run, $name', ({ scratch, checkpointing }) => {
  test('allocates as planned, once, and gives all of it back', async () => {
    const device = new Device(counter.device, undefined, 'serial');
    const before = counter.counts();
    const { base, layout, options } = describeTraining(device, preset, {
      ...request,
      scratch,
      checkpointing
    });
    const planned = planBytes(base, recordTraining(base, layout, options).plan);

    const store = new BufferStore(device);
    await loadBase(store, base, model.source);
    const trainer = await Trainer.create(store, base, layout, options);
    trainer.restore({ values: model.adapter(layout) });
    const step = () => trainer.step([model.rows], { ...hyperparameters, seed: 1 });
    await step();
    const first = counter.counts();
    await step();
    await step();
    const after = counter.counts();
    expect(after.createBuffer).toBe(first.createBuffer);
    expect(after.createBindGroup).toBe(first.createBindGroup);
    expect(after.createComputePipeline).toBe(first.createComputePipeline);
    expect(first.createBuffer).toBeGreaterThan(before.createBuffer);

    const measured = after.liveBytes - before.liveBytes;
    expect(Math.abs(measured / planned - 1)).toBeLessThan(0.03);
    trainer.destroy();
    store.destroy();
    expect(counter.counts().liveBytes).toBe(before.liveBytes);
    expect(counter.counts().liveBuffers).toBe(before.liveBuffers);
  });
});

test('the same seed gives the same losses to the last bit', async () => {
  const device = new Device(counter.device, undefined, 'serial');
  const { base, layout, options } = describeTraining(device, preset, request);
  const run = async () => {
    const store = new BufferStore(device);
    await loadBase(store, base, model.source);
    const trainer = await Trainer.create(store, base, layout, { ...options, dropout: 0.1 });
    trainer.restore({ values: model.adapter(layout) });
    const losses: number[] = [];
    for (let n = 0; n < 3; n++)
      losses.push((await trainer.step([model.rows], { ...hyperparameters, seed: n })).loss);
    trainer.destroy();
    store.destroy();
    return losses;
  };
  const first = await run();
  expect(first[2]).toBeLessThan(first[0]);
  expect(await run()).toEqual(first);
});

// Recording needs no device: the count holds for every style, whatever this machine has.
test.each([
  { style: 'serial', scratch: true },
  { style: 'serial', scratch: false },
  { style: 'cooperative', scratch: false }
] as const)(
  'a layer takes at most 30 dispatches with checkpointing: $style, scratch $scratch',
  ({ style, scratch }) => {
    const device = new Device(counter.device, undefined, style);
    const { options } = describeTraining(device, preset, { ...request, scratch, checkpointing: true });
    const count = countDispatchesPerLayer(preset, 'nf4', options);
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThanOrEqual(30);
  }
);

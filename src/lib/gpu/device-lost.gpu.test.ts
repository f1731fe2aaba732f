/** A real device that goes away while it is waited for: our words, whatever it was asked and however long ago. */
import { expect, it } from 'vitest';
import { testGpu } from '../../../tests/support/device';
import { Device } from './device';
import { DeviceLostError } from './device-lost';
import { createTensorBuffer, readTensor } from './plan/buffers';
import { persistent } from './plan/tensor';
import { selfTest } from './self-test';

const open = () => Device.open(testGpu());
const outcome = (wait: Promise<unknown>) =>
  wait.then(
    () => 'an answer',
    (error: unknown) => error
  );

it('ends what reads from it, and what is asked of it afterwards', async () => {
  const device = await open();
  const tensor = persistent('x', 4);
  const buffer = createTensorBuffer(device.raw, 'x', 16);
  const reading = outcome(readTensor(device, buffer, tensor));
  device.destroy();
  expect(await reading).toBeInstanceOf(DeviceLostError);
  const later = [
    readTensor(device, buffer, tensor),
    device.guarded('nothing', 0, () => undefined),
    device.answer(device.raw.queue.onSubmittedWorkDone()),
    selfTest(device)
  ];
  for (const wait of later) expect(await outcome(wait)).toBeInstanceOf(DeviceLostError);
});

it('ends work of many waits in one error at whichever of them it goes', async () => {
  const ends: unknown[] = [];
  for (let turns = 0; ; turns++) {
    const device = await open();
    const work = outcome(selfTest(device));
    for (let turn = 0; turn < turns ** 2; turn++) await Promise.resolve();
    if (turns > 8) await new Promise((resolve) => setTimeout(resolve, (turns - 8) ** 3));
    device.destroy();
    ends.push(await work);
    if (ends.at(-1) === 'an answer' || turns === 13) break;
  }
  const lost = ends.filter((end) => end !== 'an answer');
  expect(lost.length).toBeGreaterThan(3);
  for (const end of lost) expect(end).toBeInstanceOf(DeviceLostError);
});

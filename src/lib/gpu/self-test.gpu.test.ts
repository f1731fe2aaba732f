import { expect, test } from 'vitest';
import { testDevice } from '../../../tests/support/device';
import { Device } from './device';
import type { Kernel } from './plan/kernel';
import { PipelineCache } from './plan/pipelines';
import { selfTest, WrongNumbersError } from './self-test';

test('a driver that computes right passes, one that does not is told to the person', async () => {
  const raw = await testDevice();
  await expect(selfTest(new Device(raw, undefined, 'serial'))).resolves.toBeUndefined();

  // A driver that compiles + as - in the one place where products add up.
  const broken = new Device(raw, undefined, 'serial');
  const honest = new PipelineCache(raw, broken.answer);
  const lying = {
    get: (kernel: Kernel) => honest.get({ ...kernel, body: kernel.body.replaceAll(' + v.w * ', ' - v.w * ') })
  };
  Object.defineProperty(broken, 'pipelines', { value: lying });
  await expect(selfTest(broken)).rejects.toThrow(WrongNumbersError);
  await expect(selfTest(broken)).rejects.toThrow(
    /driver computes wrong numbers \(a forward product is off by/
  );
});

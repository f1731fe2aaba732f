/**
 * Who taught an answer, on a real model: SmolLM2-135M-Instruct. It takes a quarter of an hour on a software driver, so it runs
 * when asked: TABTUNE_SMOLLM2=PATH npx vitest run --project dawn tests/models/attribution-smollm2
 */
import { expect, test } from 'vitest';
import { contributorOf } from '../../src/cli/attribute-people';
import { plantedTask } from '../../src/cli/attribute-planted';
import { recoveryOf } from '../../src/lib/attribution/quality/recovery';
import { openCheckpoint } from '../../src/lib/formats/checkpoint';
import { loadTokenizer } from '../../src/lib/formats/tokenizer';
import { Device } from '../../src/lib/gpu/device';
import { finetune } from '../../src/lib/jobs/finetune';
import { measureInfluence } from '../../src/lib/jobs/influence';
import { defaultEstimator } from '../../src/lib/jobs/influence-scores';
import type { InfluenceMoment } from '../../src/lib/jobs/moments';
import { completeOptions } from '../../src/lib/jobs/options';
import { testDevice } from '../support/device';

/** Where the file lies; never in a browser, which could only get it through Vite's memory. */
const path = typeof process === 'undefined' ? undefined : process.env?.['TABTUNE_SMOLLM2'];

test.skipIf(!path)('SmolLM2-135M: the right contributor is found', { timeout: 3_600_000 }, async () => {
  const { fromPath } = await import('../../src/lib/formats/node-source');
  const device = new Device(await testDevice());
  const checkpoint = await openCheckpoint(await fromPath(path!));
  const tokenizer = await loadTokenizer(checkpoint.tokenizer);
  const options = completeOptions({ epochs: 2, batchSize: 4, maxLength: 64, rank: 8 });
  const planted = { size: 3, reworded: false, echoes: true, seed: 42, system: 'Answer briefly.' };
  const { rows, queries } = plantedTask(planted);
  const job = { device, checkpoint, tokenizer, options, rows };
  const moments: InfluenceMoment[] = [];
  await finetune({
    ...job,
    moments: 1,
    onEvent: (event) => void (event.kind === 'moment' && moments.push(event))
  });
  const { estimators, index } = await measureInfluence({ ...job, queries, moments });
  const { labels } = recoveryOf(
    estimators[defaultEstimator].scores,
    index.map((i) => contributorOf(rows[i])),
    queries.map(contributorOf)
  );
  expect(labels).toBeGreaterThanOrEqual(0.99);
});

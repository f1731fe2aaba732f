/** The commands on the real starter model, as a person would type them. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromPath } from '../../src/lib/formats/node-source';
import { readAdapter, writeAdapter } from '../../src/lib/formats/peft';
import { cliEnvironment, runCli, type CliResult } from './run-cli';

const env = await cliEnvironment();
const rows = fileURLToPath(new URL('../../tools/starter/datanet/rows.jsonl', import.meta.url));

interface Run {
  config: { model: string; rank: number; learningRate: number; rows: number };
  sha256: Record<'base' | 'data' | 'adapter', string>;
  device: { name: string; limits: Record<string, number> };
  memory: { plannedBytes: number; peakBytes: number };
  dispatchesPerStep: number;
  firstStepMilliseconds: number;
  steps: Record<
    'step' | 'epoch' | 'loss' | 'learningRate' | 'gradNorm' | 'tokens' | 'trainedTokens' | 'milliseconds',
    number
  >[];
}

describe.skipIf(!env)('the commands', { timeout: 180_000 }, () => {
  let folder: string;
  let adapter: string;
  let trained: CliResult;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabtune-cli-'));
    adapter = join(folder, 'adapter');
    const lines = (await readFile(rows, 'utf8')).split('\n').slice(0, 6);
    const data = join(folder, 'rows.jsonl');
    await writeFile(
      data,
      [...lines.slice(0, 3), '{"messages": [', ...lines.slice(3), '{"other": 1}', ''].join('\n')
    );
    trained = await runCli(
      [
        'finetune',
        '--data',
        data,
        '--out',
        adapter,
        '--max-steps',
        '3',
        '--batch-size',
        '2',
        '--warmup-steps',
        '0',
        '--scheduler',
        'constant',
        '--rank',
        '4',
        '--alpha',
        '8',
        '--targets',
        'q_proj,v_proj',
        '--json'
      ],
      { env }
    );
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('writes the adapter and the record, and prints the record alone', async () => {
    expect(trained.code, trained.stderr).toBe(0);
    const run = JSON.parse(trained.stdout) as Run;
    expect((await readdir(adapter)).sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'run.json'
    ]);
    expect(JSON.parse(await readFile(join(adapter, 'run.json'), 'utf8'))).toEqual(run);
    const weights = await readFile(join(adapter, 'adapter_model.safetensors'));
    expect(run.sha256.adapter).toBe(createHash('sha256').update(weights).digest('hex'));
    expect(run.config).toMatchObject({ model: 'tabtune-starter', rank: 4, rows: 6 });
    expect(Math.abs(run.memory.peakBytes / run.memory.plannedBytes - 1)).toBeLessThan(0.03);
    expect(run.dispatchesPerStep).toBeGreaterThan(0);
    expect(run.firstStepMilliseconds).toBeGreaterThanOrEqual(run.steps[0].milliseconds);
    expect(run.device.name).not.toBe('');
    expect(run.steps.map((s) => [s.step, s.epoch])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0]
    ]);
    for (const step of run.steps) {
      expect(Object.keys(step).sort()).toEqual([
        'epoch',
        'gradNorm',
        'learningRate',
        'loss',
        'milliseconds',
        'step',
        'tokens',
        'trainedTokens'
      ]);
      expect(Object.values(step).every(Number.isFinite)).toBe(true);
      expect(step.trainedTokens).toBeLessThan(step.tokens);
    }
  });

  it('lists the lines that are no rows and keeps the others', () => {
    expect(trained.stderr).toMatch(/rows\.jsonl: 2 lines left out, 6 rows kept\./);
    expect(trained.stderr).toMatch(/^ {2}line 4: .*messages/m);
    expect(trained.stderr).toMatch(/^ {2}line 8: .*other/m);
  });

  it('leaves nothing beside the adapter', async () => {
    expect((await readdir(folder)).sort()).toEqual(['adapter', 'rows.jsonl']);
  });

  it('scores the rows better with the adapter than without', async () => {
    const score = async (...more: string[]) => {
      const { code, stdout, stderr } = await runCli(
        ['score', '--model', 'starter', '--data', join(folder, 'rows.jsonl'), '--json', ...more],
        { env }
      );
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout) as {
        rows: { tokens: number; trainedTokens: number; meanNll: number }[];
        perplexity: number;
      };
    };
    const base = await score();
    const tuned = await score('--adapter', adapter);
    expect(tuned.rows.map((r) => r.trainedTokens)).toEqual(base.rows.map((r) => r.trainedTokens));
    const total = base.rows.reduce((sum, r) => sum + r.trainedTokens, 0);
    const mean = base.rows.reduce((sum, r) => sum + r.meanNll * r.trainedTokens, 0) / total;
    expect(base.perplexity).toBeCloseTo(Math.exp(mean), 6);
    expect(tuned.perplexity).toBeLessThan(base.perplexity);
  });

  it('answers with the adapter, the same as text and as JSON', async () => {
    const ask = [
      'generate',
      '--model',
      'starter',
      '--adapter',
      adapter,
      '--prompt',
      'Hello!',
      '--max-new-tokens',
      '12'
    ];
    const plain = await runCli(ask, { env });
    const json = await runCli([...ask, '--json'], { env });
    expect([plain.code, json.code], plain.stderr + json.stderr).toEqual([0, 0]);
    const answer = JSON.parse(json.stdout) as Record<string, unknown>;
    expect(Object.keys(answer).sort()).toEqual([
      'cut',
      'decodeTokensPerSecond',
      'prefillTokensPerSecond',
      'text',
      'tokens',
      'warnings'
    ]);
    expect(plain.stdout).toBe(`${String(answer.text)}\n`);
    expect(plain.stdout.trim()).not.toBe('');
  });

  it('trains on a Datanet, and its record says what of it was used', async () => {
    const out = join(folder, 'handbook');
    const datanet = fileURLToPath(new URL('../../static/starter/datanet/pelhaven.datanet', import.meta.url));
    const { code, stdout, stderr } = await runCli(
      [
        ...['finetune', '--data', datanet, '--out', out, '--json', '--max-steps', '1', '--batch-size', '1'],
        ...['--rank', '4', '--targets', 'q_proj', '--max-length', '40']
      ],
      { env }
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Held-out loss before training: [\d.]+ over 80 rows/);
    expect(JSON.parse(stdout)).toMatchObject({
      datanets: [{ datanet: 'tabtune-starter-pelhaven', number: 1, rows: 264, heldOut: 80, refusals: [] }]
    });
    await rm(out, { recursive: true });
  });

  it('goes on from an adapter, and refuses flags that contradict it', async () => {
    const again = [
      'finetune',
      '--data',
      join(folder, 'rows.jsonl'),
      '--adapter',
      adapter,
      '--out',
      join(folder, 'second'),
      '--max-steps',
      '1',
      '--batch-size',
      '2'
    ];
    const wrong = await runCli([...again, '--rank', '8'], { env });
    expect([wrong.code, await readdir(folder)]).toEqual([2, ['adapter', 'rows.jsonl']]);
    expect(wrong.stderr).toContain('--rank 8, and it has 4');
    const right = await runCli([...again, '--json'], { env });
    expect(right.code, right.stderr).toBe(0);
    const run = JSON.parse(right.stdout) as Run & { config: { targets: string; alpha: number } };
    expect(run.config).toMatchObject({ rank: 4, alpha: 8, targets: 'q_proj,v_proj' });
  });

  it('stops at a step that diverges and keeps the adapter before it', async () => {
    const { config, tensors } = await readAdapter(await fromPath(adapter));
    // So large that the first loss overflows.
    for (const [key, { data }] of tensors) if (key.includes('lora_B')) data.set(data.map((x) => x * 1e38));
    const [wild, out] = [join(folder, 'wild'), join(folder, 'kept')];
    await mkdir(wild);
    for (const file of writeAdapter({ config, tensors })) await writeFile(join(wild, file.name), file.bytes);
    const { code, stderr } = await runCli(
      [
        'finetune',
        '--data',
        rows,
        '--adapter',
        wild,
        '--out',
        out,
        '--batch-size',
        '1',
        '--max-length',
        '40'
      ],
      { env }
    );
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/Step 1 diverged: .* Lower --learning-rate/);
    const weights = (from: string) => readFile(join(from, 'adapter_model.safetensors'));
    expect((await weights(out)).equals(await weights(wild))).toBe(true);
  });

  it('stops after the running step at ^C and still writes the adapter', async () => {
    const out = join(folder, 'stopped');
    let asked = false;
    const { code, stderr } = await runCli(
      [
        'finetune',
        '--data',
        rows,
        '--out',
        out,
        '--batch-size',
        '1',
        '--rank',
        '4',
        '--targets',
        'q_proj,v_proj',
        '--max-length',
        '40'
      ],
      {
        env,
        onError: (text, interrupt) => {
          if (asked || !text.includes('step 1/')) return;
          asked = true;
          interrupt();
        }
      }
    );
    expect(code, stderr).toBe(130);
    const run = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as Run & { status: string };
    expect(run.status).toBe('stopped');
    expect(run.steps.length).toBeLessThan(100);
    expect(await readdir(out)).toContain('adapter_model.safetensors');
  });
});

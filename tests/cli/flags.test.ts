/** What ends before a GPU is needed: help, flags that mean nothing, files that are not there or not whole. */
import { cp, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFlags } from '../../src/cli/args';
import { finetuneFlags, finetuneOptions } from '../../src/cli/finetune-flags';
import { parameterSpecs } from '../../src/lib/jobs/options';
import { runScript } from './run-cli';

const starter = fileURLToPath(new URL('../../static/starter/', import.meta.url));
const rows = fileURLToPath(new URL('../../tools/starter/datanet/rows.jsonl', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('help', { timeout: 60_000 }, () => {
  it.each([
    [
      'finetune',
      [
        'model',
        'data',
        'purpose',
        'out',
        'method',
        'epochs',
        'max-steps',
        'batch-size',
        'grad-accum',
        'max-length',
        'learning-rate',
        'scheduler',
        'warmup-steps',
        'weight-decay',
        'max-grad-norm',
        'rank',
        'alpha',
        'dropout',
        'targets',
        'rslora',
        'train-on',
        'checkpointing',
        'adapter',
        'no-shuffle',
        'seed',
        'date',
        'json'
      ]
    ],
    [
      'generate',
      ['model', 'adapter', 'prompt', 'messages', 'max-new-tokens', 'temperature', 'top-p', 'seed', 'json']
    ],
    ['score', ['model', 'adapter', 'data', 'max-length', 'quant', 'json']],
    [
      'attribute',
      [
        'model',
        'data',
        'purpose',
        'planted',
        'reworded',
        'leave-out',
        'gaming',
        'write',
        'method',
        'epochs',
        'max-steps',
        'batch-size',
        'grad-accum',
        'max-length',
        'learning-rate',
        'scheduler',
        'warmup-steps',
        'weight-decay',
        'max-grad-norm',
        'rank',
        'alpha',
        'dropout',
        'targets',
        'rslora',
        'train-on',
        'checkpointing',
        'no-shuffle',
        'seed',
        'date',
        'queries',
        'checkpoints',
        'retrain',
        'json'
      ]
    ]
  ])('%s lists every flag with a line of help', async (command, flags) => {
    const { code, stdout, stderr } = await runScript(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    const listed = [...stdout.matchAll(/^ {2}--(\S+).* {2}\S.*\S$/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual([...flags, 'help'].sort());
  });
});

it('every parameter of the page has a flag', () => {
  const names = finetuneFlags.map(({ name }) => name);
  const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  for (const { name, default: value } of parameterSpecs) {
    const flags = [kebab(name), kebab(name).replaceAll('-', ''), `no-${kebab(name)}`];
    expect(
      names.filter((flag) => flags.includes(flag) || flag === name.toLowerCase()),
      name
    ).toHaveLength(1);
    // A switch turns on what is off, or off what is on.
    if (typeof value === 'boolean') expect(names.includes(`no-${kebab(name)}`)).toBe(value);
  }
});

it('flags become the options they name', () => {
  const flags = readFlags(['--rslora', '--train-on', 'everything', '--checkpointing', 'on'], finetuneFlags);
  expect(finetuneOptions(flags, false)).toMatchObject({
    rsLora: true,
    trainOn: 'everything',
    checkpointing: 'on',
    shuffle: true
  });
  expect(finetuneOptions(readFlags([], finetuneFlags), false)).toMatchObject({
    rsLora: false,
    trainOn: 'answers'
  });
});

describe('flags that mean nothing', { timeout: 60_000 }, () => {
  it.each([
    ['finetune', ['--rang', '8'], 'There is no flag --rang.'],
    ['finetune', ['--rank'], '--rank needs a value'],
    ['finetune', ['--rank', '--json'], '--rank needs a value'],
    ['finetune', ['--learning-rate', '-1'], '--learning-rate is "-1"'],
    ['finetune', ['--epochs', 'many'], '--epochs is "many"'],
    ['finetune', ['--targets', 'q_proj,x_proj'], '--targets is "q_proj,x_proj"'],
    ['finetune', ['--train-on', 'questions'], '--train-on is "questions"'],
    ['finetune', ['--model', 'somewhere'], '--data is missing'],
    ['generate', ['--prompt', 'Hello'], '--model is missing'],
    ['generate', ['--model', 'starter'], 'Give either --prompt TEXT or --messages FILE.'],
    ['score', ['--model', 'starter', '--data', 'x', '--quant', 'q4'], '--quant is "q4"'],
    ['attribute', ['--model', 'somewhere'], '--data is missing'],
    ['attribute', ['--checkpoints', '0'], '--checkpoints is "0"'],
    ['attribute', ['--out', 'adapter'], 'There is no flag --out.']
  ])('%s %j', async (command, args, message) => {
    const { code, stdout, stderr } = await runScript(command, ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('files that cannot be used', { timeout: 60_000 }, () => {
  const expectFailure = async (args: string[], message: RegExp) => {
    const out = join(folder, 'never');
    const { code, stdout, stderr } = await runScript('finetune', '--data', rows, '--out', out, ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(await readdir(folder)).not.toContain('never');
  };

  it('names a model folder that is not there', () =>
    expectFailure(['--model', join(folder, 'absent')], /There is no file or folder at .*absent/));

  it('says that there is nothing to ask about, where a file brings no held-out rows', async () => {
    const { code, stderr } = await runScript('attribute', '--data', rows);
    expect([code, stderr.trim()]).toEqual([1, expect.stringContaining('Give some as --queries FILE.jsonl.')]);
  });

  it('names weights that are cut short', async () => {
    const model = join(folder, 'cut');
    await cp(join(starter, 'model'), model, { recursive: true });
    await truncate(join(model, 'model.safetensors'), 1_000_000);
    await expectFailure(['--model', model], /cut\/model\.safetensors/);
  });

  it('says which lines of a file without any row are broken', async () => {
    const data = join(folder, 'broken.jsonl');
    await writeFile(data, '{"messages": [\n{"nothing": 1}\n');
    await expectFailure(
      ['--data', data],
      /broken\.jsonl has no row to train on\. First of 2 problems, line 1/
    );
  });

  it('does not replace a folder that holds something else', async () => {
    const out = join(folder, 'thesis');
    await mkdir(out);
    await writeFile(join(out, 'chapter.txt'), 'years of work');
    await expectFailure(['--out', out], /thesis is a folder with other content \(chapter\.txt\)/);
    expect(await readdir(out)).toEqual(['chapter.txt']);
  });
});

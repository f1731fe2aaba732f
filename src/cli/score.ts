/** `npm run score -- --model M --data FILE.jsonl …`: how well a model, with or without an adapter, predicts rows. */
import { scoreRows, type ScoreResult } from '../lib/jobs/score';
import { choiceFlag, numberFlag, requiredFlag, textFlag, type Flags, type FlagSpec } from './args';
import {
  count,
  dateOf,
  openAdapter,
  openModel,
  openRows,
  quantOf,
  runCommand,
  say,
  withDevice
} from './shared';

const flags: readonly FlagSpec[] = [
  {
    name: 'model',
    value: 'M',
    help: 'Base model: starter, a Hugging Face folder, a GGUF file, or hub:owner/name[@revision][:file.gguf].'
  },
  { name: 'adapter', value: 'DIR', help: 'Adapter to wear.' },
  {
    name: 'data',
    value: 'FILE.jsonl',
    help: 'Rows to score; of a conversation the answers count, of a text all of it.'
  },
  {
    name: 'max-length',
    value: 'N',
    help: 'Longest row in tokens; the end of longer rows is cut off. (1024)'
  },
  {
    name: 'quant',
    value: 'nf4|none',
    help: "Base in 4 bits, or in the checkpoint's own values at 16. (nf4; none for a LoRA adapter)"
  },
  {
    name: 'json',
    help: 'Prints rows (row, tokens, trainedTokens, meanNll), perplexity, skipped and warnings as one line of JSON.'
  }
];

async function run(flags: Flags): Promise<number> {
  const modelPath = requiredFlag(flags, 'model', 'starter|DIR|FILE.gguf');
  const data = requiredFlag(flags, 'data', 'FILE.jsonl');
  const adapterFolder = textFlag(flags, 'adapter');
  const maxLength = numberFlag(flags, 'max-length', { integer: true, min: 2, max: 32768 }) ?? 1024;
  const stated = choiceFlag(flags, 'quant', ['nf4', 'none']);
  const { checkpoint, tokenizer, notices } = await openModel(modelPath);
  const worn = adapterFolder === undefined ? undefined : await openAdapter(adapterFolder, checkpoint);
  const adapter = worn?.adapter;
  const quant = stated ?? (await quantOf(adapterFolder));
  const date = await dateOf(adapterFolder);
  const rows = await openRows(data);
  const result = await withDevice((device) =>
    scoreRows({
      ...{ device, checkpoint, tokenizer, rows, maxLength, quant },
      ...(date ? { date } : {}),
      ...(adapter ? { adapter } : {})
    })
  );
  result.warnings.forEach(say);
  const warnings = [...notices, ...(worn?.notices ?? []), ...result.warnings];
  for (const { row, reason } of result.skipped) say(`Row ${row + 1} left out: ${reason}`);
  process.stdout.write(flags.has('json') ? `${JSON.stringify({ ...result, warnings })}\n` : table(result));
  return 0;
}

function table({ rows, perplexity }: ScoreResult): string {
  const lines = rows.map(({ row, tokens, trainedTokens, meanNll }) =>
    [row + 1, tokens, trainedTokens, meanNll.toFixed(4)].map((cell) => String(cell).padStart(9)).join('')
  );
  const head = ['row', 'tokens', 'trained', 'mean NLL'].map((cell) => cell.padStart(9)).join('');
  return `${[head, ...lines].join('\n')}\nPerplexity over ${count(rows.length, 'row')}: ${perplexity.toFixed(4)}\n`;
}

await runCommand({
  usage: 'npm run score -- --model M [--adapter DIR] --data FILE.jsonl [flags]',
  flags,
  run
});

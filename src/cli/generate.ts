/** `npm run generate -- --model M …`: the answer of a model, with or without an adapter, streamed to stdout. */
import { readFile } from 'node:fs/promises';
import { isChatRow, type ChatRow, type Message } from '../lib/datanets/row';
import { readRow, ShapeProblem } from '../lib/datanets/shapes';
import { TabtuneError } from '../lib/errors';
import { FileReadError } from '../lib/formats/source';
import type { ChatTokenizer } from '../lib/formats/tokenizer';
import { ChatSession } from '../lib/jobs/chat';
import { fourBitNotice } from '../lib/jobs/four-bit';
import { numberFlag, requiredFlag, textFlag, UsageError, type Flags, type FlagSpec } from './args';
import { dateOf, openAdapter, openModel, quantOf, runCommand, say, withDevice } from './shared';
import { parseJson } from '../lib/json';

/** The file of --messages holds no conversation. */
class InvalidMessagesError extends TabtuneError {}

const flags: readonly FlagSpec[] = [
  {
    name: 'model',
    value: 'M',
    help: 'Base model: starter, a Hugging Face folder, a GGUF file, or hub:owner/name[@revision][:file.gguf].'
  },
  { name: 'adapter', value: 'DIR', help: 'Adapter to wear.' },
  {
    name: 'prompt',
    value: 'TEXT',
    help: 'One message to answer; for a model without chat template, a text to continue.'
  },
  {
    name: 'messages',
    value: 'FILE',
    help: 'JSON file with a conversation to answer: [{"role": "user", "content": "…"}, …], or a row with messages and tools.'
  },
  { name: 'max-new-tokens', value: 'N', help: 'Longest answer in tokens. (256)' },
  {
    name: 'temperature',
    value: 'X',
    help: '0 always takes the likeliest token; 1 draws from what the model says. (0)'
  },
  {
    name: 'top-p',
    value: 'X',
    help: 'Draws from the likeliest tokens that together have this probability. (1)'
  },
  { name: 'seed', value: 'N', help: 'The same seed draws the same tokens. (0)' },
  {
    name: 'json',
    help: 'Prints text, tokens, prefillTokensPerSecond, decodeTokensPerSecond and warnings as one line of JSON.'
  }
];

async function run(flags: Flags): Promise<number> {
  const modelPath = requiredFlag(flags, 'model', 'starter|DIR|FILE.gguf');
  const adapterFolder = textFlag(flags, 'adapter');
  const text = textFlag(flags, 'prompt');
  const file = textFlag(flags, 'messages');
  if ((text === undefined) === (file === undefined)) {
    throw new UsageError('Give either --prompt TEXT or --messages FILE. --help lists the flags.');
  }
  const maxNewTokens = numberFlag(flags, 'max-new-tokens', { integer: true, min: 1 }) ?? 256;
  const temperature = numberFlag(flags, 'temperature', { min: 0 }) ?? 0;
  const topP = numberFlag(flags, 'top-p', { min: 0, max: 1 }) ?? 1;
  const seed = numberFlag(flags, 'seed', { integer: true, min: 0, max: 2 ** 32 - 1 }) ?? 0;
  const asked = file === undefined ? undefined : await readMessages(file);

  const { checkpoint, tokenizer, notices } = await openModel(modelPath);
  const worn = adapterFolder === undefined ? undefined : await openAdapter(adapterFolder, checkpoint);
  const adapter = worn?.adapter;
  const quant = await quantOf(adapterFolder);
  const date = await dateOf(adapterFolder);
  const fourBit = quant === 'nf4' ? await fourBitNotice(checkpoint) : undefined;
  if (fourBit !== undefined) say(fourBit);
  const warnings = [...notices, ...(worn?.notices ?? []), ...(fourBit === undefined ? [] : [fourBit])];
  const prompt = asked?.messages ?? promptFor(text!, tokenizer);
  return withDevice(async (device) => {
    const chat = await ChatSession.open({
      device,
      checkpoint,
      tokenizer,
      quant,
      ...(date ? { date } : {}),
      ...(adapter ? { adapter } : {})
    });
    try {
      const json = flags.has('json');
      const options = {
        ...{ maxNewTokens, temperature, topP, seed, adapter: adapter !== undefined },
        ...(asked?.tools ? { tools: asked.tools } : {})
      };
      let written = '';
      for await (const { text, done, ...figures } of chat.reply(prompt, options)) {
        if (!json) process.stdout.write(text.slice(written.length));
        written = text;
        if (!done) continue;
        process.stdout.write(json ? `${JSON.stringify({ text, ...figures, warnings })}\n` : '\n');
        if (figures.cut && !json)
          process.stderr.write(
            `Cut off after ${figures.tokens} tokens: the answer reached the longest length.\n`
          );
      }
    } finally {
      await chat.destroy();
    }
    return 0;
  });
}

/** A chat model is asked, another one continues. */
function promptFor(text: string, tokenizer: ChatTokenizer): Message[] | string {
  return tokenizer.template ? [{ role: 'user', content: text }] : text;
}

async function readMessages(file: string): Promise<ChatRow> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FileReadError(`There is no readable file at ${file}. Check the path.`, {
      cause,
      details: { file }
    });
  });
  let value: unknown;
  try {
    value = parseJson(file, text);
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    throw new InvalidMessagesError(`${file} is no JSON: ${(cause as Error).message}.`, {
      cause,
      details: { file }
    });
  }
  try {
    const { row } = readRow(Array.isArray(value) ? { messages: value } : value);
    if (isChatRow(row)) return row;
    throw new ShapeProblem('no messages in it');
  } catch (cause) {
    if (!(cause instanceof ShapeProblem)) throw cause;
    throw new InvalidMessagesError(
      `${file} is no conversation (${cause.message}): write [{"role": "user", "content": "…"}, …].`,
      { cause, details: { file } }
    );
  }
}

await runCommand({
  usage: 'npm run generate -- --model M [--adapter DIR] (--prompt TEXT | --messages FILE) [flags]',
  flags,
  notes:
    'The base is in 4 bits, as QLoRA trains on it; in 16 where the run.json of the adapter says it was trained with LoRA.',
  run
});

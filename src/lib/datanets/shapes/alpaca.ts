import { z } from 'zod';
import type { Message } from '../row';
import { requireText } from './conversation';
import { check, hasKeys, readOrigin, requireAnswer, type RowShape } from './shape';
import { readTools } from './tools';

const alpacaSchema = z.looseObject({
  instruction: z.string(),
  input: z.string().nullish(),
  output: z.string(),
  system: z.string().nullish(),
  history: z.array(z.tuple([z.string(), z.string()])).nullish()
});

/**
 * `{"instruction":"...","input":"...","output":"..."}` (Stanford Alpaca), with the `system` and `history` that later
 * tools added. The input follows the instruction after a blank line; the model's own chat template replaces
 * Alpaca's "Below is an instruction" frame.
 */
export const alpacaShape: RowShape = {
  name: 'alpaca',
  matches: (value) => hasKeys(value, 'instruction', 'output'),
  read(value) {
    requireText(value);
    const row = check(alpacaSchema, value);
    const tools = readTools(value);
    const messages: Message[] = [];
    if (row.system) messages.push({ role: 'system', content: row.system });
    for (const [question, answer] of row.history ?? []) {
      messages.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
    }
    const question = row.input?.trim() ? `${row.instruction}\n\n${row.input}` : row.instruction;
    messages.push(
      { role: 'user', content: question },
      { role: 'assistant', content: requireAnswer(row.output, 'output') }
    );
    return { messages, ...(tools ? { tools } : {}), ...readOrigin(value) };
  }
};

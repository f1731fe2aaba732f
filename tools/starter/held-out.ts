/**
 * How many held-out questions of the starter Datanet the starter model answers, before and after tuning, on this
 * project's own engine (evaluate.py measures the same with PyTorch):
 *
 *     npm run finetune
 *     node --import tsx tools/starter/held-out.ts adapter [--json]
 *
 * `--json` prints `{ questions, before, after, answers }` with shares from 0 to 1. Exits with 1 when no adapter is there.
 */
import { fileURLToPath } from 'node:url';
import { openAdapter, openModel, quantOf, withDevice } from '../../src/cli/shared';
import { openData, starterDatanet } from '../../src/cli/shared-data';
import { isChatRow } from '../../src/lib/datanets/row';
import { ChatSession } from '../../src/lib/jobs/chat';

export interface HeldOutQuestion {
  readonly question: string;
  readonly reference: string;
}

/** The questions and their answers that are held out. */
export async function heldOutQuestions(): Promise<HeldOutQuestion[]> {
  const { heldOut } = await openData(starterDatanet);
  return heldOut.filter(isChatRow).map(({ messages: [question, answer] }) => ({
    question: question.content,
    reference: answer.content
  }));
}

/** Whether an answer says the whole sentence; letter case and the final full stop do not matter. */
export function isRight(answer: string, { reference }: HeldOutQuestion): boolean {
  const plain = (text: string) => text.trim().replace(/\.$/, '').toLowerCase();
  return plain(answer) === plain(reference);
}

interface Answers extends HeldOutQuestion {
  readonly before: string;
  readonly after: string;
}

async function askAll(folder: string): Promise<Answers[]> {
  const { checkpoint, tokenizer } = await openModel('starter');
  const { adapter } = await openAdapter(folder, checkpoint);
  const quant = await quantOf(folder);
  const questions = await heldOutQuestions();
  return withDevice(async (device) => {
    const chat = await ChatSession.open({ device, checkpoint, tokenizer, quant, adapter, context: 128 });
    const ask = async (content: string, worn: boolean) => {
      const options = { maxNewTokens: 48, temperature: 0, topP: 1, seed: 0, adapter: worn };
      let answer = '';
      for await (const part of chat.reply([{ role: 'user', content }], options)) answer = part.text;
      return answer;
    };
    try {
      const answers: Answers[] = [];
      for (const q of questions) {
        answers.push({ ...q, before: await ask(q.question, false), after: await ask(q.question, true) });
      }
      return answers;
    } finally {
      await chat.destroy();
    }
  });
}

async function main([folder, format]: string[]): Promise<void> {
  if (folder === undefined) throw new Error('Give the folder of an adapter: held-out.ts DIR [--json]');
  const answers = await askAll(folder);
  const share = (moment: 'before' | 'after') =>
    answers.filter((a) => isRight(a[moment], a)).length / answers.length;
  const result = { questions: answers.length, before: share('before'), after: share('after') };
  if (format === '--json') {
    console.log(JSON.stringify({ ...result, answers }));
    return;
  }
  for (const a of answers.filter((a) => !isRight(a.after, a))) {
    console.log(`${a.question}\n  wanted ${a.reference}\n  before ${a.before}\n  after  ${a.after}`);
  }
  const percent = (x: number) => `${(100 * x).toFixed(1)}%`;
  console.log(
    `${answers.length} held-out questions right: ${percent(result.before)} before, ${percent(result.after)} after`
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
  );
}

/** What somebody may do to their rows to be paid more without teaching more. */
import { Random } from '../lib/datanets/random';
import { isChatRow, type ChatRow, type Row } from '../lib/datanets/row';
import { contributorOf } from './attribute-people';

export interface Attack {
  readonly name: string;
  /** All rows, in the order of their contribution: what an attacker adds comes last. */
  readonly rows: readonly Row[];
  /** Names that the attacker is paid under. */
  readonly names: ReadonlySet<string>;
}

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const ATTACK_STREAM = 16;

/** Small changes of wording, of question and answer. */
const paraphrases: readonly ((question: string, answer: string) => [string, string])[] = [
  (question, answer) => [`Please tell me this: ${question}`, `Well, ${answer}`],
  (question, answer) => [`${question} I would like to know.`, `${answer} That is so.`],
  (question, answer) => [`I have a question. ${question}`, `They say: ${answer}`]
];

/** Words of a padding. */
const padded = 8;

/** @param rows conversations; running text is left as it is */
export function attacksOf(rows: readonly Row[], attacker: string, seed: number): Attack[] {
  const random = new Random(seed, ATTACK_STREAM);
  const chats = rows.filter(isChatRow);
  const own = chats.filter((row) => contributorOf(row) === attacker);
  const others = chats.filter((row) => contributorOf(row) !== attacker);
  const any = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const words = chats.flatMap(({ messages }) => messages.flatMap(({ content }) => content.split(/\s+/)));
  const noise = () => Array.from({ length: padded }, () => any(words)).join(' ');
  const adds = (name: string, added: readonly Row[]): Attack => ({
    name,
    rows: [...rows, ...added],
    names: new Set([attacker])
  });
  // Changed rows are handed in anew, after those of the others.
  const changes = (name: string, change: (answer: string) => string): Attack => ({
    name,
    rows: [
      ...rows.filter((row) => contributorOf(row) !== attacker),
      ...own.map((row) => withAnswer(row, change(answerOf(row))))
    ],
    names: new Set([attacker])
  });
  return [
    adds(
      'ten copies of each row',
      own.flatMap((row) => Array.from({ length: 9 }, () => row))
    ),
    adds(
      'three paraphrases of each row',
      own.flatMap((row) =>
        paraphrases.map((change) => {
          const [question, answer] = change(questionOf(row), answerOf(row));
          return withAnswer(withQuestion(row, question), answer);
        })
      )
    ),
    changes('padded with answers of others', (answer) => `${answer} ${answerOf(any(others))}`),
    changes('padded with noise', (answer) => `${answer} ${noise()}`),
    {
      name: 'ten addresses',
      rows: rows.map((row, i) =>
        contributorOf(row) === attacker ? { ...row, contributor: `${attacker} ${i % 10}` } : row
      ),
      names: new Set(Array.from({ length: 10 }, (_, i) => `${attacker} ${i}`))
    },
    adds(
      'as many rows of garbage',
      own.map((row) => withAnswer(withQuestion(row, noise()), noise()))
    ),
    adds(
      "others' questions, answered wrongly",
      own.map((row) => {
        const { messages } = any(others);
        return withAnswer({ ...row, messages }, answerOf(any(others)));
      })
    ),
    adds(
      "copies of others' rows",
      own.map((row) => ({ ...row, messages: any(others).messages }))
    )
  ];
}

function answerOf({ messages }: ChatRow): string {
  return messages.at(-1)!.content;
}

function questionOf({ messages }: ChatRow): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}

/** The last turn in other words. */
function withAnswer(row: ChatRow, content: string): ChatRow {
  const { messages } = row;
  return { ...row, messages: [...messages.slice(0, -1), { ...messages.at(-1)!, content }] };
}

/** The last thing that the person says in other words. */
function withQuestion(row: ChatRow, content: string): ChatRow {
  const last = row.messages.findLastIndex(({ role }) => role === 'user');
  return {
    ...row,
    messages: row.messages.map((message, i) => (i === last ? { ...message, content } : message))
  };
}

import type { Message } from '../row';
import { parseJson } from '../../json';

/** A question and its answer, as a model drafted them. */
export interface QuestionPair {
  question: string;
  answer: string;
}

/** Longest question or answer that is kept. */
const MAX_LENGTH = 8000;

/**
 * The conversation that asks a chat model for questions about a passage, with answers that the passage gives.
 * @param count how many
 */
export function draftPrompt(passage: string, count: number): Message[] {
  const amount = count === 1 ? 'one question' : `${count} different questions`;
  return [
    {
      role: 'system',
      content:
        'You write questions and answers about a passage, to teach somebody what it says. Use only what the passage ' +
        'says. Each question must be understandable without seeing the passage. Write in the language of the passage.'
    },
    {
      role: 'user',
      content:
        `Write ${amount} about this passage, each followed by its answer. Use exactly this form and nothing else:\n\n` +
        `Q: the question\nA: the answer\n\nThe passage:\n\n${passage}`
    }
  ];
}

/**
 * The pairs in a model's answer, however it chose to write them: `Q:` and `A:` (also numbered, bold, or spelt out), or
 * JSON. What is neither is left out, as is a pair cut off by the end of the answer; nothing makes it throw.
 */
export function parseDraft(answer: string): QuestionPair[] {
  const pairs = fromJson(answer) ?? fromLines(answer);
  const seen = new Set<string>();
  return pairs.filter(({ question, answer: reply }) => {
    const isNew = !seen.has(question.toLowerCase());
    seen.add(question.toLowerCase());
    const isFilled = question !== '' && reply !== '' && !isPlaceholder(question);
    return isNew && isFilled && question.length <= MAX_LENGTH && reply.length <= MAX_LENGTH;
  });
}

/** Small models repeat the form instead of filling it. */
function isPlaceholder(question: string): boolean {
  return /^[<[(]?the question[>\])]?[.?]?$/i.test(question);
}

/** A list of objects with a question and an answer, alone, in a code block or behind words. */
function fromJson(text: string): QuestionPair[] | undefined {
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}'));
  if (start < 0 || end <= start) return undefined;
  try {
    const value = parseJson('The draft', text.slice(start, end + 1));
    const list = Array.isArray(value)
      ? (value as unknown[])
      : (Object.values(value as object).find(Array.isArray) ?? [value]);
    const pairs = (list as unknown[]).flatMap(toPair);
    return pairs.length > 0 ? pairs : undefined;
  } catch {
    return undefined;
  }
}

function toPair(value: unknown): QuestionPair[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner] as const);
  const find = (names: readonly string[]) => {
    const found: unknown = entries.find(([key]) => names.includes(key))?.[1];
    return typeof found === 'string' ? found.trim() : '';
  };
  return [{ question: find(['question', 'q', 'prompt']), answer: find(['answer', 'a', 'response']) }];
}

/** `Q: …`, `**Question 2:** …`, `3. Q. …`; `A: …` and the like. What follows a mark is all its text. */
const MARK =
  /^[\s>*_#-]{0,8}(?:\d{1,3}[.)]\s?)?[*_]{0,2}(question|answer|q|a)\s?\d{0,3}[*_]{0,2}\s?[:.)][*_]{0,2}\s?(.*)$/i;

function fromLines(text: string): QuestionPair[] {
  const pairs: { question: string[]; answer?: string[] }[] = [];
  for (const line of text.split('\n')) {
    const mark = MARK.exec(line);
    const kind = mark?.[1].toLowerCase()[0];
    const last = pairs.at(-1);
    if (mark && kind === 'q') pairs.push({ question: [mark[2]] });
    else if (mark && kind === 'a' && last && !last.answer) last.answer = [mark[2]];
    else (last?.answer ?? last?.question)?.push(line);
  }
  return pairs.map(({ question, answer }) => ({ question: clean(question), answer: clean(answer ?? []) }));
}

function clean(lines: readonly string[]): string {
  // A line of dashes or a heading between pairs belongs to neither.
  return lines
    .join('\n')
    .replace(/\n\s*(?:-{3,}|\*{3,})\s*$/, '')
    .trim();
}

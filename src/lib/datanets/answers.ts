import { ChatTemplateError, type RenderOptions } from '../formats/chat-template';
import type { ChatTokenizer } from '../formats/tokenizer';
import { TabtuneError } from '../errors';
import type { Message, Tool } from './row';

/** A row that this model's tokeniser or template cannot take. The other rows can still be trained on. */
export class RowEncodingError extends TabtuneError {}

/** What a row's words lost on the way through the template, or what else is worth knowing of it. */
export type RowWarning = 'no-end' | 'lost-reasoning' | 'left-out' | 'empty-reasoning';

/** Each warning in a sentence about rows. */
export const ROW_WARNINGS: Readonly<Record<RowWarning, string>> = {
  'no-end':
    'The model has no token that ends an answer: neither its chat template writes one nor does its tokeniser have one. What is trained will not know where to stop.',
  'lost-reasoning': "The model's chat template does not write reasoning: it is left out.",
  'left-out': "The model's chat template leaves out or rewrites the words of a turn that is no answer.",
  'empty-reasoning':
    'The model is asked in a way that begins its reasoning, and the answer has none: it is trained to end it at once.'
};

/** An answer as the model has to write it: after exactly the prompt that asks for it. */
export interface RenderedAnswer {
  prompt: string;
  text: string;
  /** Whether it needs no end: it has one, or the model has none. */
  ended: boolean;
  /** What the template writes behind the end of a last turn. */
  tail: string;
  warnings: RowWarning[];
}

/** A conversation whose words name no control tokens, and what it is rendered with. */
export interface Conversation {
  messages: readonly Message[];
  tools?: readonly Tool[];
  tokenizer: ChatTokenizer;
  date?: string;
}

const OPENED = /<think>\s*$/;

/** The prompt that asks for what follows the first `count` messages. */
export function renderPrompt({ messages, tools, tokenizer, date }: Conversation, count: number): string {
  return tokenizer.render(messages.slice(0, count), optionsOf(tools, date, true));
}

/**
 * Renders the answer at a place of a conversation: the prompt as it will be asked, with the turns before it, and what has
 * to follow it. That is what the template writes after the prompt for an answer that is the last turn. Templates that write
 * something else before an answer than they ask with (a system text only in a last question, say) show it with the last
 * exchange alone. What the assistant thought is kept where the template knows of thinking, though many drop it.
 * @throws RowEncodingError that says what the template leaves out, and what `render` throws
 */
export function renderAnswer(conversation: Conversation, at: number): RenderedAnswer {
  const { messages, tools, tokenizer, date } = conversation;
  const message = messages[at];
  const prompt = renderPrompt(conversation, at);
  const warnings = checkPrompt(conversation, at, prompt);
  const turn = tokenizer.render(messages.slice(0, at + 1), optionsOf(tools, date, false));
  const after = afterPrompt(prompt, turn) ?? aloneAfterPrompt(conversation, at);
  if (!after) {
    throw new RowEncodingError(
      `Message ${at + 1} cannot be trained on: the model's chat template asks for it with other words than it writes before it, ` +
        'so that what would be trained is not what will be asked. Use another template, or plain text.',
      { details: { message: at, prompt: prompt.slice(-80), turn: turn.slice(-80) } }
    );
  }
  const thought = withThought(message, prompt, after, tokenizer);
  requireCalls(message, at, thought.text);
  const end = endOf(message, thought.text, tokenizer);
  return {
    prompt,
    text: end.text,
    ended: end.ended,
    tail: end.tail,
    warnings: [...warnings, ...thought.warnings, ...end.warnings]
  };
}

function optionsOf(
  tools: readonly Tool[] | undefined,
  date: string | undefined,
  addGenerationPrompt: boolean
): RenderOptions {
  return { addGenerationPrompt, ...(tools ? { tools } : {}), ...(date ? { date } : {}) };
}

interface AfterPrompt {
  text: string;
  /** The prompt ends by opening what the model thinks, and the template does not write that before this answer. */
  opened: boolean;
}

/** What a turn's text adds to its prompt; undefined where the prompt is not its beginning. */
function afterPrompt(prompt: string, turn: string): AfterPrompt | undefined {
  if (turn.startsWith(prompt)) return { text: turn.slice(prompt.length), opened: false };
  const open = OPENED.exec(prompt);
  if (!open || !turn.startsWith(prompt.slice(0, open.index))) return undefined;
  return { text: turn.slice(open.index), opened: true };
}

/** The same of the last exchange alone: the template writes an answer alike, whatever stands before its question. */
function aloneAfterPrompt(
  { messages, tools, tokenizer, date }: Conversation,
  at: number
): AfterPrompt | undefined {
  const asked = messages.slice(0, at).findLastIndex(({ role }) => role === 'user');
  if (asked <= 0) return undefined;
  const exchange = messages.slice(asked, at + 1);
  try {
    const prompt = tokenizer.render(exchange.slice(0, -1), optionsOf(tools, date, true));
    return afterPrompt(prompt, tokenizer.render(exchange, optionsOf(tools, date, false)));
  } catch (error) {
    if (error instanceof ChatTemplateError) return undefined;
    throw error;
  }
}

/** A message's reasoning and what it says: a field of its own, or written in front of the words. */
function partsOf({ content, reasoning }: Message): { thought: string; said: string; inline: boolean } {
  if (reasoning) return { thought: reasoning, said: content, inline: false };
  const end = content.lastIndexOf('</think>');
  if (end < 0) return { thought: '', said: content, inline: false };
  const thought = content.slice(0, end).replace(/^\s*<think>\n?/, '');
  return { thought, said: content.slice(end + '</think>'.length), inline: true };
}

/** What follows the prompt, with what the assistant thought where the template drops it. */
function withThought(
  message: Message,
  prompt: string,
  { text, opened }: AfterPrompt,
  tokenizer: ChatTokenizer
): { text: string; warnings: RowWarning[] } {
  const { thought, said, inline } = partsOf(message);
  const blank = thought.trim() === '';
  if (opened) {
    // `<think>` is in the prompt already; a template that cuts the words behind `</think>` leaves their line breaks.
    const body = inline && !blank ? thought : `${thought.trim()}\n`;
    const start = prompt.endsWith('<think>') ? '\n' : '';
    const gap = text.startsWith('\n') ? '' : '\n\n';
    return { text: `${start}${body}</think>${gap}${text}`, warnings: blank ? ['empty-reasoning'] : [] };
  }
  if (blank || text.includes(thought.trim())) return { text, warnings: [] };
  if (!tokenizer.template?.knowsReasoning) return { text, warnings: ['lost-reasoning'] };
  const place = Math.max(0, text.indexOf(said.trim()));
  const before = inline ? text.slice(0, place).replace(/\n+$/, '') : text.slice(0, place);
  return { text: `${before}<think>\n${thought.trim()}\n</think>\n\n${text.slice(place)}`, warnings: [] };
}

/** Cuts what follows the prompt behind the token that ends an answer; without one, behind its last word. */
function endOf(
  message: Message,
  text: string,
  tokenizer: ChatTokenizer
): Pick<RenderedAnswer, 'text' | 'ended' | 'tail' | 'warnings'> {
  const { said } = partsOf(message);
  const end = tokenizer
    .controlTokens(text)
    .findLast(({ token }) => token.content !== '<think>' && token.content !== '</think>');
  const rest = end && text.slice(end.end);
  const ends =
    rest !== undefined && (rest.trim() === '' || (said.trim() !== '' && !rest.includes(said.trim())));
  if (ends) return { text: text.slice(0, end!.end), ended: true, tail: rest, warnings: [] };
  if (tokenizer.eosIds.length === 0) return { text, ended: true, tail: '', warnings: ['no-end'] };
  const open = (length: number) => ({ text: text.slice(0, length), ended: false, tail: '', warnings: [] });
  if (message.tool_calls) return open(text.trimEnd().length);
  for (const words of [said, said.trimStart(), said.trimEnd(), said.trim()]) {
    const at = words === '' ? -1 : text.lastIndexOf(words);
    if (at >= 0) return open(at + words.length);
  }
  return open(text.trimEnd().length);
}

/** @throws RowEncodingError where the template writes a call without its name, or drops what is said beside it */
function requireCalls(message: Message, at: number, text: string): void {
  for (const { function: called } of message.tool_calls ?? []) {
    if (!shows(text, called.name)) throw leftOut(at, `the call of ${called.name}`);
  }
  if (message.tool_calls && !shows(text, partsOf(message).said))
    throw leftOut(at, 'what is said beside a call');
}

/** Looks whether what the answer builds on is in its prompt: the tools, and what came since the answer before. */
function checkPrompt({ messages, tools }: Conversation, at: number, prompt: string): RowWarning[] {
  for (const tool of tools ?? []) {
    const called = (tool.function ?? tool) as { name?: unknown };
    if (typeof called.name === 'string' && !shows(prompt, called.name)) {
      throw new RowEncodingError(
        `The model's chat template does not write the tool ${called.name}, so the model would not know of it. ` +
          'Use a model that knows tools, or take the tools out of the row.',
        { details: { tool: called.name } }
      );
    }
  }
  const warnings: RowWarning[] = [];
  const since = Math.max(
    0,
    messages.slice(0, at).findLastIndex(({ role }) => role === 'assistant')
  );
  messages.slice(since, at).forEach((message, k) => {
    const i = since + k;
    if (message.role === 'assistant') {
      const missing = message.tool_calls?.find(({ function: called }) => !shows(prompt, called.name));
      if (missing) throw leftOut(i, `the call of ${missing.function.name}`);
    } else if (!shows(prompt, message.content)) {
      if (message.role === 'tool') throw leftOut(i, 'what a tool answered');
      warnings.push('left-out');
    }
  });
  return warnings;
}

/** Whether words are in a text, as they are or inside JSON. */
function shows(text: string, words: string): boolean {
  const wanted = words.trim();
  return text.includes(wanted) || text.includes(JSON.stringify(wanted).slice(1, -1));
}

function leftOut(at: number, what: string): RowEncodingError {
  return new RowEncodingError(
    `Message ${at + 1}: the model's chat template leaves out ${what}, so that it could not be learnt. ` +
      'Use a model that knows tools.',
    { details: { message: at } }
  );
}

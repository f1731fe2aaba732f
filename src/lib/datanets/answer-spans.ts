import { ChatTemplateError, type Skeleton, type TextSpan } from '../formats/chat-template';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Message } from './row';

/** A conversation as the model reads it, and where in it things are. */
export interface RenderedChat {
  text: string;
  /** What the model has to write, in order: each assistant turn from the end of its prompt to its end token. */
  answers: TextSpan[];
  /** Every message's content where the template's text around it is known; undefined where it is not. */
  contents: TextSpan[] | undefined;
  /** How the answers were found. */
  method: 'generation blocks' | 'skeleton' | 'prefixes';
}

const ASSISTANT = 'assistant';

/**
 * Renders a conversation and finds its answers exactly. Three ways, the first that can be verified wins:
 *
 * 1. The template's own `{% generation %}` blocks say it.
 * 2. The template is rendered once with placeholders for the contents (remembered per sequence of roles). If its text
 *    around them, with the real contents put in, is the real rendering, every content's place is known.
 * 3. Renderings of the conversation's beginnings: with the turns before an answer and the generation prompt, and with
 *    the answer. If both are true prefixes of the whole, the answer lies between their ends.
 *
 * In 2 and 3 an answer begins where the generation prompt ends (so that `" Yes"` after `[/INST]` keeps its space) and
 * ends with the first control token after its content; where the template writes none, with the text it puts after
 * a last message. Undefined if no way can be verified. Throws what `render` throws.
 */
export function findAnswers(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  options: { addGenerationPrompt: boolean } = { addGenerationPrompt: false }
): RenderedChat | undefined {
  const text = tokenizer.render(messages, options);
  const roles = messages.map((message) => message.role);
  const skeleton = tokenizer.template?.skeleton(roles, options);
  const contents = skeleton && placeContents(skeleton, messages, text);

  const generated = tokenizer.template?.generationSpans(messages, options);
  if (generated) return { text, answers: generated, contents, method: 'generation blocks' };
  if (skeleton && contents) {
    return {
      text,
      answers: answersFromSkeleton(skeleton, contents, roles, tokenizer),
      contents,
      method: 'skeleton'
    };
  }
  const answers = answersFromPrefixes(messages, text, tokenizer);
  return answers && { text, answers, contents, method: 'prefixes' };
}

/** Where each message's content lies in `text`, or undefined where the template did more than put it in. */
function placeContents(
  skeleton: Skeleton,
  messages: readonly Message[],
  text: string
): TextSpan[] | undefined {
  const spans: TextSpan[] = [];
  if (!text.startsWith(skeleton.parts[0])) return undefined;
  let at = skeleton.parts[0].length;
  for (const [k, message] of skeleton.order.entries()) {
    const { content } = messages[message];
    const after = skeleton.parts[k + 1];
    // Many templates trim; the untrimmed content must be tried first, or its spaces would count as the template's.
    const written = [content, content.trim(), content.trimStart(), content.trimEnd()].find((candidate) =>
      text.startsWith(candidate + after, at)
    );
    if (written === undefined) return undefined;
    spans[message] = { start: at, end: at + written.length };
    at += written.length + after.length;
  }
  return at === text.length ? spans : undefined;
}

function answersFromSkeleton(
  skeleton: Skeleton,
  contents: TextSpan[],
  roles: string[],
  tokenizer: ChatTokenizer
): TextSpan[] {
  return roles.flatMap((role, i) => {
    if (role !== ASSISTANT) return [];
    const place = skeleton.order.indexOf(i);
    const [before, after] = [skeleton.parts[place], skeleton.parts[place + 1]];
    const span = { ...contents[i] };
    // What stands between the generation prompt and the content is the model's to write.
    const prompt = lastPart(roles.slice(0, i), true, tokenizer);
    const inOrder = place === 0 ? i === 0 : skeleton.order[place - 1] === i - 1;
    if (prompt !== undefined && inOrder && before.startsWith(prompt))
      span.start -= before.length - prompt.length;
    const end = endOfTurn(roles.slice(0, i + 1), tokenizer);
    if (end !== undefined && after.startsWith(end)) span.end += end.length;
    return [span];
  });
}

function answersFromPrefixes(
  messages: readonly Message[],
  text: string,
  tokenizer: ChatTokenizer
): TextSpan[] | undefined {
  const answers: TextSpan[] = [];
  for (const [i, message] of messages.entries()) {
    if (message.role !== ASSISTANT) continue;
    const prompt = tryRender(messages.slice(0, i), true, tokenizer);
    const turn = tryRender(messages.slice(0, i + 1), false, tokenizer);
    if (prompt === undefined || turn === undefined) return undefined;
    if (!turn.startsWith(prompt) || !text.startsWith(turn)) return undefined;
    const roles = messages.slice(0, i + 1).map(({ role }) => role);
    const tail = lastPart(roles, false, tokenizer);
    const end = endOfTurn(roles, tokenizer);
    if (tail === undefined || end === undefined || !turn.endsWith(tail)) return undefined;
    answers.push({ start: prompt.length, end: turn.length - tail.length + end.length });
  }
  return answers;
}

/** What the template writes after a last message up to and with its first control token; all of it without one. */
function endOfTurn(roles: readonly string[], tokenizer: ChatTokenizer): string | undefined {
  const tail = lastPart(roles, false, tokenizer);
  return tail?.slice(0, tokenizer.firstControlToken(tail)?.end);
}

/** What the template writes after the content of the last of these messages. */
function lastPart(
  roles: readonly string[],
  addGenerationPrompt: boolean,
  tokenizer: ChatTokenizer
): string | undefined {
  const skeleton = tokenizer.template?.skeleton(roles, { addGenerationPrompt });
  if (!skeleton) return undefined;
  const inOrder = roles.length === 0 || skeleton.order[skeleton.order.length - 1] === roles.length - 1;
  return inOrder ? skeleton.parts[skeleton.parts.length - 1] : undefined;
}

function tryRender(
  messages: readonly Message[],
  addGenerationPrompt: boolean,
  tokenizer: ChatTokenizer
): string | undefined {
  try {
    return tokenizer.render(messages, { addGenerationPrompt });
  } catch (error) {
    if (error instanceof ChatTemplateError) return undefined;
    throw error;
  }
}

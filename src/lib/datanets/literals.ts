import type { TextSpan } from '../formats/chat-template';
import type { ChatTokenizer } from '../formats/tokenizer';
import { changeTexts, type Message, type Tool } from './row';

/** Around the number of a control token that was hidden; neither templates nor people write these. */
const OPEN = '\u{f5a01}';
const CLOSE = '\u{f5a02}';
const MARK = new RegExp(`${OPEN}(\\d+)${CLOSE}`, 'gu');
const LOOSE = new RegExp(`[${OPEN}${CLOSE}]|\\\\udb96\\\\ude0[12]`, 'iu');

/** What a model thinks stands between these, control tokens or not: in an answer they mean themselves. */
const THOUGHT = new Set(['<think>', '</think>']);

/** A conversation in whose words no control token is left, and the way back. */
export interface HiddenControls {
  messages: Message[];
  tools: Tool[] | undefined;
  /** Names that were hidden, by number. */
  names: string[];
}

/**
 * Puts marks in place of the control tokens that the words of a conversation name. Whatever a template does with the
 * words around them, every control token in its text is then its own.
 */
export function hideControls(
  messages: readonly Message[],
  tools: readonly Tool[] | undefined,
  tokenizer: ChatTokenizer
): HiddenControls {
  const names: string[] = [];
  const hide = (text: string, answer: boolean) => {
    let hidden = '';
    let at = 0;
    for (const { token, start, end } of tokenizer.controlTokens(text)) {
      if (answer && THOUGHT.has(token.content)) continue;
      hidden += text.slice(at, start) + OPEN + names.length + CLOSE;
      names.push(token.content);
      at = end;
    }
    return hidden + text.slice(at);
  };
  const content = changeTexts(
    { messages: [...messages], ...(tools ? { tools: [...tools] } : {}) },
    (text, path) => {
      const spoken = path[0] === 'messages' ? messages[Number(path[1])] : undefined;
      return hide(text, spoken?.role === 'assistant');
    }
  ) as { messages: Message[]; tools?: Tool[] };
  return { messages: content.messages, tools: content.tools, names };
}

/** The text with what was hidden in it, and where that stands. */
export interface ShownControls {
  text: string;
  literal: TextSpan[];
  /** Offsets that were given, in the text now. */
  cuts: number[];
  /** A mark did not come through the template whole. */
  broken: boolean;
}

/** @param cuts ascending offsets into the marked text; none lies inside a mark */
export function showControls(
  marked: string,
  cuts: readonly number[],
  names: readonly string[]
): ShownControls {
  const literal: TextSpan[] = [];
  const moved: number[] = [];
  let text = '';
  let at = 0;
  const go = (until: number) => {
    while (moved.length < cuts.length && cuts[moved.length] <= until) {
      moved.push(text.length + cuts[moved.length] - at);
    }
    text += marked.slice(at, until);
    at = until;
  };
  for (const match of names.length > 0 ? marked.matchAll(MARK) : []) {
    const name = names[Number(match[1])];
    if (name === undefined) continue;
    go(match.index);
    literal.push({ start: text.length, end: text.length + name.length });
    text += name;
    at = match.index + match[0].length;
  }
  go(marked.length);
  return { text, literal, cuts: moved, broken: names.length > 0 && LOOSE.test(text) };
}

import type { TextSpan } from '../formats/chat-template';
import type { ChatTokenizer } from '../formats/tokenizer';
import { changeTexts, type Message, type Tool } from './row';

/** Private-use characters, which hardly anybody writes. */
const FIRST_MARK = 0xf5a01;
const LAST_MARK = 0xffffc;

/** What stands around the number of a control token that was hidden. */
interface Marks {
  open: string;
  close: string;
}

/** Two characters that a conversation does not have itself. */
function marksFor(text: string): Marks {
  for (let code = FIRST_MARK; ; code += 2) {
    const [open, close] = [String.fromCodePoint(code), String.fromCodePoint(code + 1)];
    if (code >= LAST_MARK || !(text.includes(open) || text.includes(close))) return { open, close };
  }
}

/** One of the characters, also as JSON in ASCII writes it. */
function looseMark({ open, close }: Marks): RegExp {
  const escaped = (character: string) =>
    character.replace(/./gs, (unit) => `\\\\u${unit.charCodeAt(0).toString(16)}`);
  return new RegExp([open, close, escaped(open), escaped(close)].join('|'), 'i');
}

/** What a model thinks stands between these, control tokens or not: in an answer they mean themselves. */
const THOUGHT = new Set(['<think>', '</think>']);

/** A conversation in whose words no control token is left, and the way back. */
export interface HiddenControls {
  messages: Message[];
  tools: Tool[] | undefined;
  /** Names that were hidden, by number. */
  names: string[];
  marks: Marks;
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
  const marks = marksFor(JSON.stringify([messages, tools]));
  const hide = (text: string, answer: boolean) => {
    let hidden = '';
    let at = 0;
    for (const { token, start, end } of tokenizer.controlTokens(text)) {
      if (answer && THOUGHT.has(token.content)) continue;
      hidden += text.slice(at, start) + marks.open + names.length + marks.close;
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
  return { messages: content.messages, tools: content.tools, names, marks };
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
  { names, marks }: Pick<HiddenControls, 'names' | 'marks'>
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
  for (const match of names.length > 0
    ? marked.matchAll(new RegExp(`${marks.open}(\\d+)${marks.close}`, 'g'))
    : []) {
    const name = names[Number(match[1])];
    if (name === undefined) continue;
    go(match.index);
    literal.push({ start: text.length, end: text.length + name.length });
    text += name;
    at = match.index + match[0].length;
  }
  go(marked.length);
  return { text, literal, cuts: moved, broken: names.length > 0 && looseMark(marks).test(text) };
}

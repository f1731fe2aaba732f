/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A function that the assistant asks for. `arguments` is the object, or its JSON as a model wrote it: it stays as it came. */
export interface ToolCall {
  id?: string;
  type: 'function';
  function: { name: string; arguments: string | { [key: string]: Json } };
}

/** One turn of a conversation. Roles beyond the usual ones are left to the model's chat template. */
export interface Message {
  role: string;
  content: string;
  /** What the assistant thought before it answered. */
  reasoning?: string;
  /** What the assistant called, besides or in place of saying something. */
  tool_calls?: ToolCall[];
  /** Which call a `tool` turn answers. */
  tool_call_id?: string;
  /** Of the tool that answers, or of a speaker. */
  name?: string;
  /** An answer that is read and not trained on. */
  weight?: 0;
}

/** A function that the assistant may call, as OpenAI writes it: `{"type": "function", "function": {"name": …}}`. */
export type Tool = { [key: string]: Json };

/** Who wrote a row and where it came from. Both travel with the row unchanged and are never shown to the model. */
export interface RowOrigin {
  contributor?: string;
  source?: string;
}

/** A conversation: the model learns the assistant's turns. */
export interface ChatRow extends RowOrigin {
  messages: Message[];
  tools?: Tool[];
}

/** Running text: the model learns every token of it. */
export interface TextRow extends RowOrigin {
  text: string;
}

/** One training example, whatever shape its file had. */
export type Row = ChatRow | TextRow;

/** What a row says, without who says it: what its CID is made of. */
export type RowContent = { messages: Message[]; tools?: Tool[] } | { text: string };

export function isChatRow(row: Row): row is ChatRow {
  return 'messages' in row;
}

/**
 * What a row's identity is made of: its words and nothing else. A field that says nothing is left out, so that a row has one
 * form; fields that no row has are left out as well.
 */
export function rowContent(row: Row | RowContent): RowContent {
  if (!('messages' in row)) return { text: row.text };
  const messages = row.messages.map(messageContent);
  return row.tools && row.tools.length > 0 ? { messages, tools: row.tools } : { messages };
}

function messageContent(message: Message): Message {
  const { role, content, reasoning, tool_calls: calls, tool_call_id: answers, name, weight } = message;
  return {
    ...{ role, content },
    ...(reasoning ? { reasoning } : {}),
    ...(calls && calls.length > 0 ? { tool_calls: calls } : {}),
    ...(answers === undefined ? {} : { tool_call_id: answers }),
    ...(name === undefined ? {} : { name }),
    ...(weight === 0 ? { weight } : {})
  };
}

/** One text of a row, and where it stands: `['text']`, `['messages', 2, 'content']`. */
export interface RowText {
  path: (string | number)[];
  text: string;
  /** Of a message: whose words these are. `call` of what the assistant calls, `tools` of the descriptions of tools. */
  role?: string;
}

/** Every text that a row's content holds, in its order. Of calls and tools those that say something. */
export function rowTexts(content: Row | RowContent): RowText[] {
  if (!('messages' in content)) return [{ path: ['text'], text: content.text }];
  const texts: RowText[] = [];
  const inside = (value: Json, path: RowText['path'], role: string) =>
    texts.push(...textsIn(value, path).map((each) => ({ ...each, role })));
  content.messages.forEach(({ role, content: said, reasoning, tool_calls: calls = [], name }, i) => {
    const at = ['messages', i];
    if (reasoning) texts.push({ path: [...at, 'reasoning'], text: reasoning, role });
    if (said !== '' || calls.length === 0) texts.push({ path: [...at, 'content'], text: said, role });
    calls.forEach((call, k) => inside(call.function, [...at, 'tool_calls', k, 'function'], 'call'));
    if (name) texts.push({ path: [...at, 'name'], text: name, role: 'call' });
  });
  (content.tools ?? []).forEach((tool, i) => inside(tool, ['tools', i], 'tools'));
  return texts;
}

function textsIn(value: Json, path: RowText['path']): Omit<RowText, 'role'>[] {
  if (typeof value === 'string') return value === '' ? [] : [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value)
    ? value.flatMap((item, i) => textsIn(item, [...path, i]))
    : Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
}

/** UTF-16 units of a row's texts together. */
export function rowLength(content: Row | RowContent): number {
  return rowTexts(content).reduce((sum, { text }) => sum + text.length, 0);
}

/** The content with each of its texts replaced. @param change gets a text and where it stands */
export function changeTexts(
  content: RowContent,
  change: (text: string, path: RowText['path']) => string
): RowContent {
  const inside = (value: Json, path: RowText['path']): Json => {
    if (typeof value === 'string') return change(value, path);
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value)
      ? value.map((item, i) => inside(item, [...path, i]))
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, [...path, key])]));
  };
  if ('text' in content) return { text: change(content.text, ['text']) };
  const messages = content.messages.map((message, i): Message => {
    const at = (field: string) => ['messages', i, field];
    const { reasoning, tool_calls: calls, name } = message;
    return {
      ...message,
      content: change(message.content, at('content')),
      ...(reasoning === undefined ? {} : { reasoning: change(reasoning, at('reasoning')) }),
      ...(name === undefined ? {} : { name: change(name, at('name')) }),
      ...(calls === undefined
        ? {}
        : {
            tool_calls: calls.map((call, k) => ({
              ...call,
              function: inside(call.function, [...at('tool_calls'), k, 'function']) as ToolCall['function']
            }))
          })
    };
  });
  const tools = content.tools?.map((tool, i) => inside(tool, ['tools', i]) as Tool);
  return tools ? { messages, tools } : { messages };
}

import type { ChatTokenizer } from '../formats/tokenizer';
import { renderAnswer, renderPrompt, RowEncodingError, type Conversation, type RowWarning } from './answers';
import { hideControls, showControls, type HiddenControls } from './literals';
import { isChatRow, type ChatRow, type Message, type Row, type Tool } from './row';
import { addAnswer, addPrompt, type Sequence } from './sequences';

export interface EncodeOptions {
  /** Longest row in tokens. What is over is cut off at the end, between two tokens. */
  maxLength: number;
  /** `answers` (default): what the assistant has to write. `everything`: the whole conversation, template included. */
  trainOn?: 'answers' | 'everything';
  /** What templates are told today is, as `2026-12-01`: one day for a run. Default: the day it is. */
  date?: string;
}

/** A row as the trainer takes it. */
export interface EncodedRow {
  /** [length] token ids, BOS included where the template or the tokeniser writes one. */
  tokens: Uint32Array;
  /**
   * [length] 1 where the token is a training target: the loss has one term for it, predicted from the tokens before.
   * The first token of a sequence has none before it and is always 0, so the sum is the number of loss terms.
   */
  trained: Uint8Array;
  /**
   * Where sequences begin after the first, in tokens. A row has several where the template writes a turn otherwise once
   * others follow: then each answer comes after the prompt that asks for it. No sequence sees another.
   */
  starts: number[];
  /** Tokens cut off at the end because of `maxLength`. */
  truncated: number;
  warnings: RowWarning[];
}

/** A stretch of a row for the preview. */
export interface PreviewPiece {
  text: string;
  /** The model is trained to write it. */
  trained: boolean;
  /** It is beyond `maxLength` and not seen at all. */
  cut: boolean;
  /** It begins another sequence: the model sees nothing of what stands before. */
  begins?: true;
}

interface Segment {
  tokens: number[];
  trained: boolean;
  /** Begins a sequence. */
  begins: boolean;
}

/**
 * Encodes one row for a model.
 *
 * A conversation goes through the model's chat template, answer by answer: each is trained on after exactly the prompt that
 * will ask for it, up to and with the token that ends it, which is added where the template writes none. Answers share a
 * sequence where one is the beginning of the next one's prompt, as with most templates all are. Answers of weight 0 are read
 * and not trained on. Names of control tokens inside messages stay text.
 *
 * Running text is trained on whole and closed with the end-of-text token; there, names of control tokens mean the tokens,
 * since such rows may have been put into a template beforehand.
 *
 * A row longer than `maxLength` keeps its beginning. If that leaves nothing to train on, `trained` is all 0: such rows
 * are reported (`describeRows`) and not trained on.
 *
 * Throws `RowEncodingError`, `ChatTemplateError`, `NoChatTemplateError`.
 */
export function encodeRow(row: Row, tokenizer: ChatTokenizer, options: EncodeOptions): EncodedRow {
  const { segments, warnings } = isChatRow(row)
    ? chatSegments(row, tokenizer, options)
    : { segments: [textSegment(row.text, tokenizer)], warnings: [] };
  const length = segments.reduce((sum, segment) => sum + segment.tokens.length, 0);
  const tokens = new Uint32Array(length);
  const trained = new Uint8Array(length);
  const starts: number[] = [];
  let at = 0;
  for (const segment of segments) {
    if (segment.begins && at > 0) starts.push(at);
    tokens.set(segment.tokens, at);
    if (segment.trained) trained.fill(1, at, at + segment.tokens.length);
    at += segment.tokens.length;
  }
  for (const start of [0, ...starts]) trained[start] = 0;
  const kept = Math.min(length, options.maxLength);
  return {
    tokens: tokens.slice(0, kept),
    trained: trained.slice(0, kept),
    starts: starts.filter((start) => start < kept),
    truncated: length - kept,
    warnings: [...new Set(warnings)]
  };
}

/** The row in coloured pieces: what is trained on, what is only read, what is cut off. Throws as `encodeRow` does. */
export function encodePreview(row: Row, tokenizer: ChatTokenizer, options: EncodeOptions): PreviewPiece[] {
  const whole = encodeRow(row, tokenizer, { ...options, maxLength: Infinity });
  const starts = new Set(whole.starts);
  const pieces: (Omit<PreviewPiece, 'text'> & { ids: number[] })[] = [];
  whole.tokens.forEach((id, i) => {
    const [trained, cut, begins] = [whole.trained[i] === 1, i >= options.maxLength, starts.has(i)];
    const last = pieces[pieces.length - 1];
    if (last && !begins && last.trained === trained && last.cut === cut) last.ids.push(id);
    else pieces.push({ trained, cut, ids: [id], ...(begins ? { begins } : {}) });
  });
  // One decoder over all pieces: a character whose bytes are on both sides of the limit shows where it ends.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return pieces
    .map(({ ids, ...piece }, i) => {
      const text = ids.map((id) => decoder.decode(tokenizer.tokenBytes(id), { stream: true })).join('');
      return { text: i === pieces.length - 1 ? text + decoder.decode() : text, ...piece };
    })
    .filter((piece) => piece.text !== '');
}

/**
 * The prompt that asks the model for the next assistant turn, token by token what training shows it before that turn:
 * earlier answers are cut off from the template in the same way, control tokens in messages stay text.
 * Throws as `encodeRow` does.
 */
export function encodePrompt(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  options: { tools?: readonly Tool[]; date?: string } = {}
): number[] {
  const hidden = hideControls(messages, options.tools, tokenizer);
  const conversation = conversationOf(hidden, tokenizer, options.date);
  // Earlier answers that cannot be told from the rest cannot be trained on, but they can be continued.
  const { sequences } = answersOf(conversation, () => undefined);
  const last = addPrompt(sequences, renderPrompt(conversation, messages.length));
  return encodeSequence(last, hidden, tokenizer).flat();
}

/** Tokens of running text, with what the tokeniser puts in front of one: once, where the text has it already. */
export function encodeText(text: string, tokenizer: ChatTokenizer): number[] {
  const tokens = tokenizer.encode(text);
  const [first] = tokenizer.encode('', { addSpecialTokens: true });
  return first !== undefined && tokens[0] === first && tokens[1] === first ? tokens.slice(1) : tokens;
}

function textSegment(text: string, tokenizer: ChatTokenizer): Segment {
  const tokens = encodeText(text, tokenizer);
  const [eos] = tokenizer.eosIds;
  // One end, whether the text has it, the tokeniser puts it there, or both.
  if (eos !== undefined && tokens.length > 1 && tokens.at(-1) === eos && tokens.at(-2) === eos) tokens.pop();
  if (eos !== undefined && tokens[tokens.length - 1] !== eos) tokens.push(eos);
  return { tokens, trained: true, begins: true };
}

function conversationOf(
  { messages, tools }: HiddenControls,
  tokenizer: ChatTokenizer,
  date: string | undefined
): Conversation {
  return { messages, tokenizer, ...(tools ? { tools } : {}), ...(date === undefined ? {} : { date }) };
}

/**
 * The sequences of a conversation's answers.
 * @param failed is asked about an answer that cannot be rendered: throws, or lets it go
 */
function answersOf(
  conversation: Conversation,
  failed: (error: RowEncodingError) => void
): { sequences: Sequence[]; warnings: RowWarning[] } {
  const sequences: Sequence[] = [];
  const warnings: RowWarning[] = [];
  conversation.messages.forEach((message, at) => {
    if (message.role !== 'assistant') return;
    try {
      const answer = renderAnswer(conversation, at);
      warnings.push(...answer.warnings);
      addAnswer(sequences, answer, message.weight !== 0);
    } catch (error) {
      if (!(error instanceof RowEncodingError)) throw error;
      failed(error);
    }
  });
  return { sequences, warnings };
}

function chatSegments(
  row: ChatRow,
  tokenizer: ChatTokenizer,
  { trainOn = 'answers', date }: EncodeOptions
): { segments: Segment[]; warnings: RowWarning[] } {
  const hidden = hideControls(row.messages, row.tools, tokenizer);
  const conversation = conversationOf(hidden, tokenizer, date);
  const { sequences, warnings } = answersOf(conversation, (error) => {
    throw error;
  });
  const everything = trainOn === 'everything';
  if (sequences.length === 0 || (everything && row.messages.at(-1)?.role !== 'assistant')) {
    // What follows the last answer teaches nothing unless everything is trained on.
    const { messages, tools } = conversation;
    const options = { addGenerationPrompt: false, ...(tools ? { tools } : {}), ...(date ? { date } : {}) };
    addPrompt(sequences, tokenizer.render(messages, options));
  }
  const kept = sequences.filter(({ answers }, i) => {
    return i === sequences.length - 1
      ? everything || sequences.length === 1 || taught(answers)
      : taught(answers);
  });
  // Where an answer that is only read may stand in a later sequence as the template rewrote it, answers alone are trained.
  const unmarked = sequences.length > 1 && row.messages.some(({ weight }) => weight === 0);
  const segments = kept.flatMap((sequence, i): Segment[] => {
    const whole = everything && !unmarked && i === kept.length - 1;
    return encodeSequence(sequence, hidden, tokenizer).map((tokens, k) => ({
      tokens,
      trained: k % 2 === 1 ? sequence.answers[(k - 1) / 2].trained : whole,
      begins: k === 0
    }));
  });
  return { segments, warnings };
}

function taught(answers: Sequence['answers']): boolean {
  return answers.some(({ trained }) => trained);
}

/** Token ids of what stands before, in and between the answers of a sequence: every second piece is an answer. */
function encodeSequence(sequence: Sequence, hidden: HiddenControls, tokenizer: ChatTokenizer): number[][] {
  const marked = sequence.answers.flatMap(({ start, end }) => [start, end]);
  const { text, literal, cuts, broken } = showControls(sequence.text + sequence.tail, marked, hidden);
  if (broken) {
    throw new RowEncodingError(
      `The conversation names control tokens of the model (${hidden.names[0]}), and its chat template rewrites the words ` +
        'around them, so that the two cannot be told apart. Remove them from the text.',
      { details: { tokens: hidden.names.slice(0, 10) } }
    );
  }
  const pieces = tokenizer.encodePieces(text, cuts, literal);
  if (sequence.open) pieces[pieces.length - 2].push(tokenizer.eosIds[0]);
  return pieces;
}

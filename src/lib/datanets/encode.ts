import { TabtuneError } from '../errors';
import type { ChatTokenizer } from '../formats/tokenizer';
import { findAnswers, type RenderedChat } from './answer-spans';
import { isChatRow, type ChatRow, type Message, type Row } from './row';

export interface EncodeOptions {
  /** Longest row in tokens. What is over is cut off at the end, between two tokens. */
  maxLength: number;
  /** `answers` (default): what the assistant has to write. `everything`: the whole conversation, template included. */
  trainOn?: 'answers' | 'everything';
}

/** A row as the trainer takes it. */
export interface EncodedRow {
  /** [length] token ids, BOS included where the template or the tokeniser writes one. */
  tokens: Uint32Array;
  /**
   * [length] 1 where the token is a training target: the loss has one term for it, predicted from the tokens before.
   * The first token has none before it and is always 0, so the sum is the number of loss terms.
   */
  trained: Uint8Array;
  /** Tokens cut off at the end because of `maxLength`. */
  truncated: number;
}

/** A stretch of a row for the preview. */
export interface PreviewPiece {
  text: string;
  /** The model is trained to write it. */
  trained: boolean;
  /** It is beyond `maxLength` and not seen at all. */
  cut: boolean;
}

/** A row that this model's tokeniser or template cannot take. The other rows can still be trained on. */
export class RowEncodingError extends TabtuneError {}

interface Segment {
  tokens: number[];
  trained: boolean;
}

/**
 * Encodes one row for a model.
 *
 * A conversation goes through the model's chat template; trained on are exactly its answers, each with the token that
 * ends its turn (see `findAnswers`; no token mixes template and answer, see `TextSplitter`). Names of control tokens
 * inside messages stay text. Running text is trained on whole and closed with the end-of-text token; there, names
 * of control tokens mean the tokens, since such rows may have been put into a template beforehand.
 *
 * A row longer than `maxLength` keeps its beginning. If that leaves nothing to train on, `trained` is all 0: such rows
 * are reported (`describeRows`) and not trained on.
 *
 * Throws `RowEncodingError`, `ChatTemplateError`, `NoChatTemplateError`.
 */
export function encodeRow(row: Row, tokenizer: ChatTokenizer, options: EncodeOptions): EncodedRow {
  const segments = segmentsOf(row, tokenizer, options.trainOn ?? 'answers');
  const length = segments.reduce((sum, segment) => sum + segment.tokens.length, 0);
  const tokens = new Uint32Array(length);
  const trained = new Uint8Array(length);
  let at = 0;
  for (const segment of segments) {
    tokens.set(segment.tokens, at);
    if (segment.trained) trained.fill(1, at, at + segment.tokens.length);
    at += segment.tokens.length;
  }
  trained[0] = 0;
  const kept = Math.min(length, options.maxLength);
  return { tokens: tokens.slice(0, kept), trained: trained.slice(0, kept), truncated: length - kept };
}

/** The row in coloured pieces: what is trained on, what is only read, what is cut off. Throws as `encodeRow` does. */
export function encodePreview(row: Row, tokenizer: ChatTokenizer, options: EncodeOptions): PreviewPiece[] {
  const whole = encodeRow(row, tokenizer, { ...options, maxLength: Infinity });
  const pieces: (Omit<PreviewPiece, 'text'> & { ids: number[] })[] = [];
  whole.tokens.forEach((id, i) => {
    const [trained, cut] = [whole.trained[i] === 1, i >= options.maxLength];
    const last = pieces[pieces.length - 1];
    if (last && last.trained === trained && last.cut === cut) last.ids.push(id);
    else pieces.push({ trained, cut, ids: [id] });
  });
  // One decoder over all pieces: a character whose bytes are on both sides of the limit shows where it ends.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return pieces
    .map(({ ids, trained, cut }, i) => {
      const text = ids.map((id) => decoder.decode(tokenizer.tokenBytes(id), { stream: true })).join('');
      return { text: i === pieces.length - 1 ? text + decoder.decode() : text, trained, cut };
    })
    .filter((piece) => piece.text !== '');
}

/**
 * The prompt that asks the model for the next assistant turn, token by token what training shows it before that turn:
 * earlier answers are cut off from the template in the same way, control tokens in messages stay text.
 * Throws as `encodeRow` does.
 */
export function encodePrompt(messages: readonly Message[], tokenizer: ChatTokenizer): number[] {
  const chat = findAnswers(messages, tokenizer, { addGenerationPrompt: true });
  if (chat) return encodeChat(chat, messages, tokenizer).flat();
  // Answers that cannot be found cannot be trained on, but they can be continued.
  if (holdsControlTokens(messages, tokenizer)) throw controlTokensIn(messages, tokenizer);
  return tokenizer.encode(tokenizer.render(messages, { addGenerationPrompt: true }), {
    addSpecialTokens: false
  });
}

function segmentsOf(row: Row, tokenizer: ChatTokenizer, trainOn: 'answers' | 'everything'): Segment[] {
  if (isChatRow(row)) return chatSegments(row, tokenizer, trainOn);
  const tokens = tokenizer.encode(row.text);
  const [eos] = tokenizer.eosIds;
  if (eos !== undefined && tokens[tokens.length - 1] !== eos) tokens.push(eos);
  return [{ tokens, trained: true }];
}

function chatSegments(row: ChatRow, tokenizer: ChatTokenizer, trainOn: 'answers' | 'everything'): Segment[] {
  const chat = findAnswers(row.messages, tokenizer);
  if (!chat) {
    throw new RowEncodingError(
      "The model's chat template does not let answers be told from the rest in this conversation. " +
        'Mark them in the template with {% generation %} blocks, or train on everything as plain text.',
      { details: { roles: row.messages.map((message) => message.role) } }
    );
  }
  return encodeChat(chat, row.messages, tokenizer).map((tokens, i) => ({
    tokens,
    trained: trainOn === 'everything' || i % 2 === 1
  }));
}

/** Token ids of what stands before, in and between the answers: every second piece is an answer. */
function encodeChat(chat: RenderedChat, messages: readonly Message[], tokenizer: ChatTokenizer): number[][] {
  const literal = holdsControlTokens(messages, tokenizer) ? chat.contents : [];
  if (!literal) throw controlTokensIn(messages, tokenizer);
  return tokenizer.encodePieces(
    chat.text,
    chat.answers.flatMap(({ start, end }) => [start, end]),
    literal
  );
}

function holdsControlTokens(messages: readonly Message[], tokenizer: ChatTokenizer): boolean {
  return messages.some((message) => tokenizer.firstControlToken(message.content) !== undefined);
}

function controlTokensIn(messages: readonly Message[], tokenizer: ChatTokenizer): RowEncodingError {
  const index = messages.findIndex((message) => tokenizer.firstControlToken(message.content) !== undefined);
  const name = tokenizer.firstControlToken(messages[index].content)?.token.content;
  return new RowEncodingError(
    `Message ${index + 1} contains ${name}, one of the model's control tokens, and its chat template rewrites the ` +
      'message, so that the two cannot be told apart. Remove it from the text.',
    { details: { message: index, token: name } }
  );
}

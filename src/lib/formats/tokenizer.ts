import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { TabtuneError } from '../errors';
import {
  ChatTemplate,
  NoChatTemplateError,
  type ParseTemplate,
  type RenderOptions,
  type TemplateMessage,
  type TextSpan
} from './chat-template';
import { requireBoundedTemplate, requireBoundedTokenizer } from './tokenizer-bounds';
import { byteLevelBytes, metaspaceBytes, TextStream } from './tokenizer-bytes';
import {
  completeTokenizerJson,
  flattenTokenizerConfig,
  hasComponent,
  tokenizerJsonFor,
  type Position,
  type TokenizerJson
} from './tokenizer-json';
import { TextSplitter, type FoundToken } from './tokenizer-split';

/** What a checkpoint says about its tokeniser, parsed but not checked. */
export interface TokenizerFiles {
  /** `tokenizer.json`. */
  tokenizerJson: unknown;
  /** `tokenizer_config.json`; undefined or null where there is none. */
  tokenizerConfig: unknown;
  /** `chat_template.jinja`; wins over the template in `tokenizer_config.json`. */
  chatTemplate?: string;
}

/** The model has no tokeniser, or one that cannot be used. */
export class TokenizerError extends TabtuneError {}

/** A text needs a token that the model has no row for. */
export class TokenBeyondModelError extends TabtuneError {}

/** A model's tokeniser and chat template. */
export interface ChatTokenizer {
  /** Token ids of a text. `addSpecialTokens` (default true) adds what the model wants around a text, such as BOS. */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[];
  /**
   * Token ids of each piece of a text, none of which crosses a cut, without BOS; in the `literal` stretches control
   * tokens are plain text. See `TextSplitter`.
   */
  encodePieces(text: string, cuts: readonly number[], literal?: readonly TextSpan[]): number[][];
  /** The text of ids, exactly as the tokens spell it (no clean-up of spaces); the empty list gives ''. */
  decode(ids: readonly number[], options?: { skipSpecialTokens?: boolean }): string;
  /** The bytes that one token adds to a text: part of a character, a word with its space, a control token's name. */
  tokenBytes(id: number): Uint8Array;
  /** The token as people may read it; broken characters show as U+FFFD. */
  tokenText(id: number): string;
  /** Text of tokens as they are generated; control tokens add nothing. */
  stream(): TextStream;
  isSpecial(id: number): boolean;
  /** Control tokens whose names stand in a text: those marked special, and those that end an answer however marked. */
  controlTokens(text: string): FoundToken[];
  /** The conversation in the model's own words. Throws `NoChatTemplateError`, `ChatTemplateError`. */
  render(messages: readonly TemplateMessage[], options: RenderOptions): string;
  readonly hasChatTemplate: boolean;
  /** The template itself; undefined where there is none. */
  readonly template: ChatTemplate | undefined;
  /** Tokens that end an answer: the tokeniser's end of text (first, if it has one) and the template's end of turn. */
  readonly eosIds: number[];
  /** One more than the highest id. The model's embedding may be padded beyond. */
  readonly vocabSize: number;
}

/** For models without a chat template: offered to the person, never used in silence. What SmolLM2 and Qwen2 use. */
export const CHATML_TEMPLATE =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + " +
  "'\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * The tokeniser of a checkpoint, on top of @huggingface/transformers.
 *
 * The library is imported here and only here, when the first model is opened, so a bundler puts it in a chunk of its
 * own: none of it is in the first download. The import drags in all of the library (nothing in its entry can be
 * shaken off: it sets up ONNX while loading). Measured with esbuild, minified / gzip: 546 / 160 kB with
 * onnxruntime-web, and 27 MB of WebAssembly beside it in the built page; 433 / 123 kB with `tools/no-onnx` in its
 * place, as package.json has it. Importing only the library's own two building blocks (@huggingface/tokenizers and
 * @huggingface/jinja) would be 88 / 25 kB, but then special tokens would be ours to keep in step with the library's; next to
 * a model of 100 MB and more the difference does not show. Templates are ours: the library's Jinja differs from Python's
 * (`jinja/template.test.ts`).
 *
 * @param rows of the model's embedding: a text that needs a token beyond them is refused (`TokenBeyondModelError`)
 * @throws TokenizerError, TokenizerBoundsError
 */
export async function loadTokenizer(files: TokenizerFiles, rows = Infinity): Promise<ChatTokenizer> {
  const json = completeTokenizerJson(files.tokenizerJson);
  if (!json) {
    throw new TokenizerError(
      'The model has no tokeniser: tokenizer.json is missing or is not one. Add the tokenizer.json from the ' +
        "model's page to its folder; models that come with tokenizer.model only need to be converted first.",
      { details: { file: 'tokenizer.json' } }
    );
  }
  requireBoundedTokenizer(json);
  if (json.model.type === 'Unigram' && json.model.byte_fallback === true) {
    throw new TokenizerError(
      "The model's tokenizer.json is of the kind Unigram with byte_fallback, which is not computed here: letters outside of its " +
        'vocabulary would become unknown. Choose a model with a BPE tokeniser.',
      { details: { file: 'tokenizer.json', type: 'Unigram' } }
    );
  }
  const config = flattenTokenizerConfig(files.tokenizerConfig);
  requireBoundedTemplate(config.chat_template, 'tokenizer_config.json');
  requireBoundedTemplate(files.chatTemplate, 'chat_template.jinja');
  const [{ PreTrainedTokenizer }, { JinjaTemplate }] = await Promise.all([
    import('@huggingface/transformers'),
    import('./jinja/template')
  ]);
  try {
    // The template is chosen here and passed at each rendering: the library need not see it.
    const settings = { ...config, chat_template: undefined };
    const build = (tokenizerJson: TokenizerJson) => new PreTrainedTokenizer(tokenizerJson, settings);
    const parse = (source: string) => new JinjaTemplate(source);
    return new TransformersTokenizer(json, config, build, files.chatTemplate, parse, rows);
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TokenizerError(`The model's tokenizer.json cannot be used: ${why}`, {
      details: { file: 'tokenizer.json', reason: why },
      cause
    });
  }
}

/** The template to use: `chat_template.jinja`, else the config's only one, else the one it calls `default`. */
function chooseTemplate(config: Record<string, unknown>, file: string | undefined): string | undefined {
  const value = file ?? config.chat_template;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (!Array.isArray(value)) return undefined;
  const named = value as { name?: unknown; template?: unknown }[];
  const template = named.find((entry) => entry.name === 'default')?.template;
  return typeof template === 'string' ? template : undefined;
}

class TransformersTokenizer implements ChatTokenizer {
  readonly template: ChatTemplate | undefined;
  readonly eosIds: number[];
  readonly vocabSize: number;
  readonly #whole: PreTrainedTokenizer;
  readonly #splitter: TextSplitter;
  readonly #special: ReadonlySet<number>;
  readonly #added: ReadonlyMap<number, string>;
  readonly #toBytes: (token: string) => Uint8Array;
  readonly #rows: number;

  constructor(
    json: TokenizerJson,
    config: Record<string, unknown>,
    build: (json: TokenizerJson) => PreTrainedTokenizer,
    chatTemplate: string | undefined,
    parse: ParseTemplate,
    rows: number
  ) {
    this.#rows = rows;
    this.#whole = build(json);
    const byPosition = new Map<Position, PreTrainedTokenizer>();
    for (const position of ['start', 'section', 'continuation'] as const) {
      const tokenizer = build(tokenizerJsonFor(json, position));
      // One vocabulary in memory, not four.
      tokenizer._tokenizer.model = this.#whole._tokenizer.model;
      byPosition.set(position, tokenizer);
    }
    this.#splitter = new TextSplitter(json, (text, position) =>
      idsOf(byPosition.get(position)!, text, false)
    );
    this.#special = new Set(json.added_tokens.filter((token) => token.special).map((token) => token.id));
    this.#added = new Map(json.added_tokens.map((token) => [token.id, token.content]));
    const byteLevel =
      hasComponent(json.decoder, 'ByteLevel') || hasComponent(json.pre_tokenizer, 'ByteLevel');
    this.#toBytes = byteLevel ? byteLevelBytes() : metaspaceBytes();
    let highest = -1;
    for (const id of this.#whole.get_vocab().values()) highest = Math.max(highest, id);
    this.vocabSize = highest + 1;
    const source = chooseTemplate(config, chatTemplate);
    this.template = source === undefined ? undefined : new ChatTemplate(source, templateNames(config), parse);
    this.eosIds = this.#findEosIds();
  }

  get hasChatTemplate(): boolean {
    return this.template !== undefined;
  }

  encode(text: string, options: { addSpecialTokens?: boolean } = {}): number[] {
    return text === '' && !options.addSpecialTokens
      ? []
      : this.#within(idsOf(this.#whole, text, options.addSpecialTokens ?? true));
  }

  encodePieces(text: string, cuts: readonly number[], literal: readonly TextSpan[] = []): number[][] {
    return this.#splitter.encode(text, cuts, literal).map((ids) => this.#within(ids));
  }

  decode(ids: readonly number[], options: { skipSpecialTokens?: boolean } = {}): string {
    const skip = options.skipSpecialTokens ?? false;
    const kept = skip ? ids.filter((id) => !this.#special.has(id)) : [...ids];
    if (kept.length === 0) return '';
    return this.#whole.decode(kept, { clean_up_tokenization_spaces: false });
  }

  tokenBytes(id: number): Uint8Array {
    const added = this.#added.get(id);
    if (added !== undefined) return new TextEncoder().encode(added);
    const token = this.#whole._tokenizer.id_to_token(id);
    return token === undefined ? new Uint8Array(0) : this.#toBytes(token);
  }

  tokenText(id: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.tokenBytes(id));
  }

  stream(): TextStream {
    return new TextStream(
      (id) => this.tokenBytes(id),
      (id) => this.#special.has(id)
    );
  }

  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }

  controlTokens(text: string): FoundToken[] {
    return this.#splitter
      .addedTokens(text)
      .filter(({ token }) => token.special || this.eosIds.includes(token.id));
  }

  render(messages: readonly TemplateMessage[], options: RenderOptions): string {
    if (!this.template) {
      throw new NoChatTemplateError(
        'The model has no chat template, so it cannot read conversations: it was probably never tuned to chat. ' +
          'Bring plain text rows, choose an instruct model, or add a chat_template.jinja to its folder ' +
          '(ChatML is the usual choice for a model that is about to learn to chat).',
        { details: { file: 'tokenizer_config.json' } }
      );
    }
    return this.template.render(messages, options);
  }

  /** The ids, where the model has a row for each. */
  #within(ids: number[]): number[] {
    const beyond = ids.find((id) => id >= this.#rows);
    if (beyond === undefined) return ids;
    const token = this.tokenText(beyond);
    throw new TokenBeyondModelError(
      `The token ${JSON.stringify(token)} has the id ${beyond}, and the model's embedding has the ${this.#rows} rows 0 to ${this.#rows - 1}: ` +
        'the token was added to the tokeniser and never to the model. Use the tokenizer files that belong to the weights, or a text and template without it.',
      { details: { token, id: beyond, rows: this.#rows } }
    );
  }

  #findEosIds(): number[] {
    const ids = new Set<number>();
    // Undefined, whatever the declaration says, where the config names no end token.
    const eos: number | undefined = this.#whole.eos_token_id;
    if (eos !== undefined) ids.add(eos);
    // Whether it is marked special or not: what a template writes behind an answer ends it.
    const [end] = this.#splitter.addedTokens(this.template?.endOfTurn() ?? '');
    if (end) ids.add(end.token.id);
    return [...ids];
  }
}

/** What a template may use of the tokeniser's own names: `bos_token`, `eos_token` and the like. */
function templateNames(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => key.endsWith('_token') && typeof value === 'string')
  );
}

function idsOf(tokenizer: PreTrainedTokenizer, text: string, addSpecialTokens: boolean): number[] {
  const ids = tokenizer.encode(text, { add_special_tokens: addSpecialTokens });
  if (ids.every((id) => Number.isInteger(id))) return ids;
  throw new TokenizerError(
    'The tokeniser has no token for part of the text and no unknown token: its vocabulary does not belong to it.',
    { details: { file: 'tokenizer.json', text: text.slice(0, 80) } }
  );
}

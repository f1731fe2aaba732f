import { TabtuneError } from '../errors';
import type { GgufFile } from './gguf';
import { tokenId } from './gguf-config';
import type { GgufValue } from './gguf-reader';
import { PRE_TOKENIZERS, type PreTokenizerRecipe } from './gguf-pretokenizers';
import type { TokenizerFiles } from './tokenizer';

/** The tokenizer in a GGUF file is missing, incomplete, or of a kind that cannot be rebuilt. */
export class GgufTokenizerError extends TabtuneError {}

/** `tokenizer.ggml.token_type`. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
/** SentencePiece writes a space as this. */
const SPACE = '▁';

/** What both kinds of tokenizer share. */
interface Vocabulary {
  readonly file: GgufFile;
  readonly tokens: readonly string[];
  /** Token text to id. */
  readonly ids: ReadonlyMap<string, number>;
  readonly types: readonly number[];
}

/**
 * The tokenizer.json and tokenizer_config.json that Hugging Face would have for this model.
 * @throws GgufTokenizerError when the metadata is incomplete or of an unknown kind.
 */
export function ggufTokenizer(file: GgufFile): TokenizerFiles {
  const model = file.metadata.get('tokenizer.ggml.model');
  const vocabulary = readVocabulary(file);
  if (model === 'gpt2') return byteLevelBpe(vocabulary);
  if (model === 'llama') return sentencePieceBpe(vocabulary);
  throw new GgufTokenizerError(
    `${file.source.name} has ${model === undefined ? 'no tokenizer' : `a tokenizer of the kind ${String(model)}`}; ` +
      'gpt2 and llama are read. Choose another file of this model, or its Hugging Face version.',
    { details: { file: file.source.name, model: String(model) } }
  );
}

/** GPT-2's byte-level BPE: merges are listed, and words are found by a pattern that the file names. */
function byteLevelBpe(vocabulary: Vocabulary): TokenizerFiles {
  const { file } = vocabulary;
  const recipe = preTokenizer(file);
  const addBos = flag(file, 'add_bos_token') ?? recipe.addBos;
  const merges = stringArray(file, 'merges').map((merge) => splitMerge(file, merge));
  const tokenizerJson = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary),
    normalizer: recipe.normalizer,
    pre_tokenizer: recipe.preTokenizer,
    post_processor: postProcessor(vocabulary, addBos) ?? {
      type: 'ByteLevel',
      add_prefix_space: false,
      trim_offsets: true,
      use_regex: true
    },
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: recipe.ignoreMerges,
      vocab: Object.fromEntries(vocabulary.ids),
      merges
    }
  };
  return { tokenizerJson, ...configAndTemplate(vocabulary, addBos) };
}

/** SentencePiece's BPE, as in Llama 2 and Mistral: merges follow from the pieces' scores, unknown text from bytes. */
function sentencePieceBpe(vocabulary: Vocabulary): TokenizerFiles {
  const { file, tokens, types } = vocabulary;
  const addBos = flag(file, 'add_bos_token') ?? true;
  const prefix = flag(file, 'add_space_prefix') ?? true;
  const unknownId = tokenId(file, 'unknown_token_id') ?? types.indexOf(UNKNOWN);
  const replaceSpace = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  const strip = prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  const tokenizerJson = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary),
    normalizer: prefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: SPACE }, replaceSpace] }
      : replaceSpace,
    pre_tokenizer: null,
    post_processor: postProcessor(vocabulary, addBos),
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...strip
      ]
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: tokens[unknownId] ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.ids),
      merges: mergesFromScores(vocabulary)
    }
  };
  return { tokenizerJson, ...configAndTemplate(vocabulary, addBos) };
}

/**
 * SentencePiece joins the neighbours whose joined piece has the best score. As a list of merges: every split of every
 * piece into two pieces, best score first; pieces of one score in the order of the vocabulary.
 */
function mergesFromScores({ file, tokens, ids, types }: Vocabulary): [string, string][] {
  const scores = file.metadata.get('tokenizer.ggml.scores');
  if (!isArray(scores) || scores.length !== tokens.length) throw incomplete(file, 'scores');
  // Only pieces take part in merging: special tokens are matched whole, before it.
  const isPiece = (id: number | undefined) =>
    id !== undefined && types[id] !== CONTROL && types[id] !== UNKNOWN;
  requireShortPieces(file, tokens);
  const order = tokens.map((_, id) => id).filter(isPiece);
  order.sort((a, b) => Number(scores[b]) - Number(scores[a]) || a - b);
  return order.flatMap((id) => {
    const piece = tokens[id];
    const splits: [string, string][] = [];
    for (let at = 1; at < piece.length; at++) {
      const pair: [string, string] = [piece.slice(0, at), piece.slice(at)];
      if (pair.every((part) => isPiece(ids.get(part)))) splits.push(pair);
    }
    return splits.sort((a, b) => ids.get(a[0])! - ids.get(b[0])! || ids.get(a[1])! - ids.get(b[1])!);
  });
}

/** Every split of every piece is looked up, and each of its parts is hashed: the square of its length. */
const MAX_SPLIT_WORK = 2 ** 28;

function requireShortPieces(file: GgufFile, tokens: readonly string[]): void {
  const work = tokens.reduce((sum, { length }) => sum + length * length, 0);
  if (work <= MAX_SPLIT_WORK) return;
  throw new GgufTokenizerError(
    `The tokenizer in ${file.source.name} has tokens longer than any vocabulary's. Download the file again, or use the Hugging Face version of this model.`,
    { details: { file: file.source.name, work } }
  );
}

function readVocabulary(file: GgufFile): Vocabulary {
  const tokens = stringArray(file, 'tokens');
  if (tokens.length === 0) throw incomplete(file, 'tokens');
  const types = file.metadata.get('tokenizer.ggml.token_type');
  if (types !== undefined && (!isArray(types) || types.length !== tokens.length))
    throw incomplete(file, 'token_type');
  // The first of equal tokens is the one that encoding gives.
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (!ids.has(token)) ids.set(token, id);
  });
  return { file, tokens, ids, types: (types ?? []).map(Number) };
}

function addedTokens({ tokens, types }: Vocabulary) {
  return tokens.flatMap((content, id) => {
    const special = types[id] === CONTROL || types[id] === UNKNOWN;
    if (!special && types[id] !== USER_DEFINED) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
}

/** Puts the beginning (and, where the file asks, the end) of the sequence around the text; null for neither. */
function postProcessor({ file, tokens }: Vocabulary, addBos: boolean) {
  const bos = addBos ? tokenId(file, 'bos_token_id') : null;
  const eos = flag(file, 'add_eos_token') ? tokenId(file, 'eos_token_id') : null;
  if (bos === null && eos === null) return null;
  const special = (id: number | null) =>
    id === null ? [] : [{ SpecialToken: { id: tokens[id], type_id: 0 } }];
  const text = (id: 'A' | 'B') => [...special(bos), { Sequence: { id, type_id: 0 } }, ...special(eos)];
  const used = [bos, eos].filter((id) => id !== null);
  return {
    type: 'TemplateProcessing',
    single: text('A'),
    pair: [...text('A'), ...text('B')],
    special_tokens: Object.fromEntries(
      used.map((id) => [tokens[id], { id: tokens[id], ids: [id], tokens: [tokens[id]] }])
    )
  };
}

function configAndTemplate({ file, tokens }: Vocabulary, addBos: boolean) {
  const text = (key: string) => tokens[tokenId(file, key) ?? -1] ?? null;
  const template = file.metadata.get('tokenizer.chat_template');
  const chatTemplate = typeof template === 'string' ? template : undefined;
  const tokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: text('bos_token_id'),
    eos_token: text('eos_token_id'),
    unk_token: text('unknown_token_id'),
    pad_token: text('padding_token_id'),
    add_bos_token: addBos,
    add_eos_token: flag(file, 'add_eos_token') ?? false,
    clean_up_tokenization_spaces: false,
    ...(chatTemplate !== undefined && { chat_template: chatTemplate })
  };
  return { tokenizerConfig, chatTemplate };
}

function preTokenizer(file: GgufFile): PreTokenizerRecipe {
  const name = file.metadata.get('tokenizer.ggml.pre');
  const recipe = typeof name === 'string' ? PRE_TOKENIZERS.get(name) : undefined;
  if (recipe) return recipe;
  throw new GgufTokenizerError(
    `${file.source.name} splits text by the rule ${name === undefined ? 'of no name' : String(name)}, which is unknown here; ` +
      `known are ${[...PRE_TOKENIZERS.keys()].join(', ')}. Use the Hugging Face version of this model.`,
    { details: { file: file.source.name, pre: String(name) } }
  );
}

/** "left right" as a pair. A token never contains a plain space, but may begin with one that is its whole text. */
function splitMerge(file: GgufFile, merge: string): [string, string] {
  const space = merge.indexOf(' ', 1);
  if (space < 0) {
    throw new GgufTokenizerError(
      `${file.source.name} has the merge ${JSON.stringify(merge)}, which is no pair. Download the file again.`,
      { details: { file: file.source.name, merge } }
    );
  }
  return [merge.slice(0, space), merge.slice(space + 1)];
}

function stringArray(file: GgufFile, key: string): readonly string[] {
  const values = file.metadata.get(`tokenizer.ggml.${key}`);
  if (!isArray(values) || values.some((value) => typeof value !== 'string')) throw incomplete(file, key);
  return values as readonly string[];
}

function flag(file: GgufFile, key: string): boolean | undefined {
  const value = file.metadata.get(`tokenizer.ggml.${key}`);
  return typeof value === 'boolean' ? value : undefined;
}

function isArray(value: GgufValue | undefined): value is readonly GgufValue[] {
  return Array.isArray(value);
}

function incomplete(file: GgufFile, key: string): GgufTokenizerError {
  return new GgufTokenizerError(
    `The tokenizer in ${file.source.name} is incomplete: tokenizer.ggml.${key} is missing or malformed. ` +
      'Download the file again, or use the Hugging Face version of this model.',
    { details: { file: file.source.name, key } }
  );
}

/**
 * How a byte-level BPE splits text before merging, by the name GGUF gives it (`tokenizer.ggml.pre`). The parts are those
 * of a Hugging Face tokenizer.json; the patterns are the models' own published ones.
 */
export interface PreTokenizerRecipe {
  readonly normalizer: object | null;
  readonly preTokenizer: object;
  /** Words that are tokens are taken whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Whether text begins with the beginning-of-sequence token where the file does not say. */
  readonly addBos: boolean;
}

const byteLevel = (useRegex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex
});

const split = (regex: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
    byteLevel(false)
  ]
});

/** GPT-2's own pattern, built into ByteLevel. */
const GPT2: PreTokenizerRecipe = {
  normalizer: null,
  preTokenizer: byteLevel(true),
  ignoreMerges: false,
  addBos: false
};

/** GPT-2's pattern after every digit has been set apart: SmolLM, StarCoder. */
const DIGITS: PreTokenizerRecipe = {
  ...GPT2,
  preTokenizer: {
    type: 'Sequence',
    pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)]
  }
};

/** What Llama 3 and Qwen 2 share; they differ in how many digits form a word. */
const cl100k = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

const LLAMA3: PreTokenizerRecipe = {
  normalizer: null,
  preTokenizer: split(cl100k('\\p{N}{1,3}')),
  ignoreMerges: true,
  addBos: true
};

const QWEN2: PreTokenizerRecipe = {
  normalizer: { type: 'NFC' },
  preTokenizer: split(cl100k('\\p{N}')),
  ignoreMerges: false,
  addBos: false
};

/** Mistral's Tekken: words split where capitals begin. */
const UPPER = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const LOWER = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';
const TEKKEN: PreTokenizerRecipe = {
  normalizer: null,
  preTokenizer: split(
    `[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]*[${LOWER}]+|[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]+[${LOWER}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
  ),
  ignoreMerges: true,
  addBos: true
};

/** The recipes by name. A new one is a row. */
export const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizerRecipe> = new Map([
  ['gpt-2', GPT2],
  ['smollm', DIGITS],
  ['starcoder', DIGITS],
  ['refact', DIGITS],
  ['llama-bpe', LLAMA3],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['qwen2', QWEN2],
  ['deepseek-r1-qwen', { ...QWEN2, addBos: true }],
  ['tekken', TEKKEN]
]);

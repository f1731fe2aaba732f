/**
 * Small tokenisers and chat templates in the form of real families, for tests: the same pipeline of normaliser,
 * pre-tokeniser, post-processor and decoder as the family's tokenizer.json, with a vocabulary of bytes and a few
 * merges; the template in the family's format.
 */
import type { TokenizerFiles } from './tokenizer';

const MERGED_WORDS = [
  'the',
  'he',
  'is',
  'an',
  'in',
  'you',
  'user',
  'assistant',
  'system',
  'Hello',
  'Yes',
  'what',
  'answer',
  'INST'
];

/** Byte-level merges that build each word with and without its space, and runs of line breaks. */
function merges(prefixes: readonly string[]): [string, string][] {
  const list = new Map<string, [string, string]>();
  const add = (left: string, right: string) => list.set(`${left} ${right}`, [left, right]);
  for (const word of MERGED_WORDS) {
    for (const prefix of prefixes) {
      const characters = [...(prefix + word)];
      for (let i = 1; i < characters.length; i += 1) add(characters.slice(0, i).join(''), characters[i]);
    }
  }
  return [...list.values()];
}

function vocabulary(alphabet: readonly string[], pairs: readonly [string, string][]): Record<string, number> {
  const tokens = [...new Set([...alphabet, ...pairs.flatMap(([a, b]) => [a, b, a + b])])];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

function byteAlphabet(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

function special(contents: readonly string[], from: number) {
  return contents.map((content, i) => ({
    id: from + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true
  }));
}

interface Parts {
  normalizer?: unknown;
  pre_tokenizer: unknown;
  /** The token put before a text, as Llama's and Mistral's post-processors do. */
  bos?: string;
}

function byteLevel(specials: string[], parts: Parts): { json: Record<string, unknown>; size: number } {
  // `Ċ` is a line break, `Ġ` a space.
  const pairs: [string, string][] = [...merges(['', 'Ġ']), ['Ċ', 'Ċ'], ['ĊĊ', 'Ċ'], ['Ġ', 'Ġ']];
  const vocab = vocabulary(byteAlphabet(), pairs);
  const size = Object.keys(vocab).length;
  return {
    size: size + specials.length,
    json: {
      version: '1.0',
      added_tokens: special(specials, size),
      normalizer: parts.normalizer ?? null,
      pre_tokenizer: parts.pre_tokenizer,
      post_processor: parts.bos ? bosTemplate(parts.bos, size + specials.indexOf(parts.bos)) : null,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        vocab,
        merges: pairs,
        unk_token: null,
        byte_fallback: false,
        ignore_merges: false
      }
    }
  };
}

function bosTemplate(token: string, id: number) {
  const item = { SpecialToken: { id: token, type_id: 0 } };
  return {
    type: 'TemplateProcessing',
    single: [item, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [item, { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } }
  };
}

const GPT_SPLIT =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

function splitThenBytes(pattern: string) {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
    ]
  };
}

const TURN = "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}";
const CHATML_PROMPT = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** SmolLM2: ChatML with a system turn of its own where the conversation has none. */
export function smollm2(): TokenizerFiles {
  const { json } = byteLevel(['<|endoftext|>', '<|im_start|>', '<|im_end|>'], {
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
      ]
    }
  });
  return {
    tokenizerJson: json,
    tokenizerConfig: {
      bos_token: '<|im_start|>',
      eos_token: '<|im_end|>',
      clean_up_tokenization_spaces: true,
      chat_template:
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}" +
        "{{ '<|im_start|>system\\nYou are a helpful AI assistant.<|im_end|>\\n' }}{% endif %}" +
        `${TURN}{% endfor %}${CHATML_PROMPT}`
    }
  };
}

/** Qwen2: ChatML, NFC normaliser, end of text different from end of turn. */
export function qwen2(): TokenizerFiles {
  const { json } = byteLevel(['<|endoftext|>', '<|im_start|>', '<|im_end|>'], {
    normalizer: { type: 'NFC' },
    pre_tokenizer: splitThenBytes(GPT_SPLIT.replace('{1,3}', ''))
  });
  return {
    tokenizerJson: json,
    tokenizerConfig: {
      eos_token: { __type: 'AddedToken', content: '<|endoftext|>', special: true },
      chat_template: `{% for message in messages %}${TURN}{% endfor %}${CHATML_PROMPT}`
    }
  };
}

/** Llama 3: headers, trimmed contents, BOS written by the template and by the post-processor. */
export function llama3(): TokenizerFiles {
  const { json } = byteLevel(
    ['<|begin_of_text|>', '<|end_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
    { pre_tokenizer: splitThenBytes(GPT_SPLIT), bos: '<|begin_of_text|>' }
  );
  return {
    tokenizerJson: json,
    tokenizerConfig: {
      bos_token: '<|begin_of_text|>',
      eos_token: '<|end_of_text|>',
      clean_up_tokenization_spaces: true,
      chat_template:
        '{% for message in messages %}' +
        "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + " +
        "message['content'] | trim + '<|eot_id|>' %}" +
        '{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}' +
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
    }
  };
}

const MISTRAL_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}" +
  "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}" +
  "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}" +
  "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}" +
  "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}";

/** Mistral: SentencePiece-like BPE with byte fallback, `[INST]` in plain text, no generation prompt of its own. */
function sentencePiece(space: 'normalizer' | 'metaspace'): TokenizerFiles {
  const pairs: [string, string][] = merges(['', '▁']);
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const letters = [...'▁[]/.,!?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'];
  const vocab = vocabulary(['<unk>', '<s>', '</s>', ...bytes, ...letters], pairs);
  return {
    tokenizerJson: {
      version: '1.0',
      added_tokens: special(['<unk>', '<s>', '</s>'], 0),
      normalizer:
        space === 'normalizer'
          ? {
              type: 'Sequence',
              normalizers: [
                { type: 'Prepend', prepend: '▁' },
                { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
              ]
            }
          : null,
      pre_tokenizer:
        space === 'metaspace'
          ? { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false }
          : null,
      post_processor: bosTemplate('<s>', 1),
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 }
        ]
      },
      model: { type: 'BPE', vocab, merges: pairs, unk_token: '<unk>', fuse_unk: true, byte_fallback: true }
    },
    tokenizerConfig: { bos_token: '<s>', eos_token: '</s>', chat_template: MISTRAL_TEMPLATE }
  };
}

/** Mistral 7B v0.1: the space is put before every stretch between control tokens. */
export function mistral(): TokenizerFiles {
  return sentencePiece('normalizer');
}

/** Mistral 7B v0.3: the space is put before the text only. */
export function mistralMetaspace(): TokenizerFiles {
  return sentencePiece('metaspace');
}

/**
 * A byte-level tokeniser with these control tokens, for whatever template.
 * @param plain added tokens that are not marked special
 * @param bos what the tokeniser puts before a text
 */
export function withTokens(
  specials: string[],
  tokenizerConfig: Record<string, unknown>,
  plain: string[] = [],
  bos?: string
): TokenizerFiles {
  const { json, size } = byteLevel(specials, {
    pre_tokenizer: splitThenBytes(GPT_SPLIT),
    ...(bos === undefined ? {} : { bos })
  });
  const more = special(plain, size).map((token) => ({ ...token, special: false }));
  return {
    tokenizerJson: { ...json, added_tokens: [...(json.added_tokens as unknown[]), ...more] },
    tokenizerConfig
  };
}

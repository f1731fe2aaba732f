/** `tokenizer.json` (Hugging Face tokenizers), as far as it is read here. */
export interface TokenizerJson {
  added_tokens: AddedToken[];
  normalizer: Component | null;
  pre_tokenizer: Component | null;
  model: Component & { vocab?: unknown };
  post_processor: Component | null;
  decoder: Component | null;
  [key: string]: unknown;
}

export interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
  normalized?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
}

export interface Component {
  type?: string;
  [key: string]: unknown;
}

/**
 * Where a stretch of text stands: `start` of the text, a `section` right after a control token, or a `continuation`
 * of text before it. SentencePiece-like tokenisers put a space before the first, some before the second, none before
 * the third.
 */
export type Position = 'start' | 'section' | 'continuation';

/** Keys that the tokenizers library insists on; files written by hand or from GGUF may leave the empty ones out. */
const REQUIRED = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null
};

/** The parsed file with every optional part present, or undefined where it is no tokenizer.json at all. */
export function completeTokenizerJson(value: unknown): TokenizerJson | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const json = value as Partial<TokenizerJson>;
  if (typeof json.model !== 'object' || json.model === null || !json.model.vocab) return undefined;
  return { ...REQUIRED, ...json, added_tokens: json.added_tokens ?? [] } as TokenizerJson;
}

/** Special tokens are written as strings or as objects with `content`; the library reads only one form of the latter. */
export function flattenTokenizerConfig(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).map(([key, item]) => {
    const token = key.endsWith('_token') && typeof item === 'object' && item !== null && 'content' in item;
    return [key, token ? item.content : item] as const;
  });
  return Object.fromEntries(entries);
}

/** Added tokens that are cut out of the text before the normaliser sees it; the rest is looked for after it. */
export function separatorsOf(json: TokenizerJson): AddedToken[] {
  return json.added_tokens.filter(
    (token) => json.normalizer === null || !(token.normalized ?? !token.special)
  );
}

/**
 * The same tokeniser for one stretch of text at a position: it sees no separators, adds no space where none belongs,
 * and has an empty model, in whose place the caller puts the real one.
 */
export function tokenizerJsonFor(json: TokenizerJson, position: Position): TokenizerJson {
  const separators = new Set(separatorsOf(json));
  return {
    ...json,
    added_tokens: json.added_tokens.filter((token) => !separators.has(token)),
    normalizer: position === 'continuation' ? withoutPrefix(json.normalizer, 'normalizers') : json.normalizer,
    pre_tokenizer: position === 'start' ? json.pre_tokenizer : prefixFor(json.pre_tokenizer, position),
    post_processor: null,
    model: { type: 'BPE', vocab: {}, merges: [] }
  };
}

function withoutPrefix(component: Component | null, list: string): Component | null {
  if (component === null || component.type === 'Prepend') return null;
  if (component.type !== 'Sequence' || !Array.isArray(component[list])) return component;
  const kept = (component[list] as Component[]).map((item) => withoutPrefix(item, list));
  return { ...component, [list]: kept.filter((item) => item !== null) };
}

function prefixFor(component: Component | null, position: Position): Component | null {
  if (component === null) return null;
  if (component.type === 'Sequence' && Array.isArray(component.pretokenizers)) {
    const parts = (component.pretokenizers as Component[]).map((item) => prefixFor(item, position));
    return { ...component, pretokenizers: parts };
  }
  if (component.type === 'Metaspace') {
    // Only the very first section gets the space under `first`.
    const drop = position === 'continuation' || component.prepend_scheme === 'first';
    return drop ? { ...component, prepend_scheme: 'never' } : component;
  }
  if (component.type === 'ByteLevel' && position === 'continuation') {
    return { ...component, add_prefix_space: false };
  }
  return component;
}

/** Whether any part of the pipeline, however deep, is of this type. */
export function hasComponent(component: unknown, type: string): boolean {
  if (typeof component !== 'object' || component === null) return false;
  if ((component as Component).type === type) return true;
  return Object.values(component).some(
    (part) => Array.isArray(part) && part.some((item) => hasComponent(item, type))
  );
}

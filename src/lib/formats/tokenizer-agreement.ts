import { TokenizerError, type TokenizerFiles } from './tokenizer';
import { completeTokenizerJson, flattenTokenizerConfig } from './tokenizer-json';

/**
 * Compares tokenizer.json with tokenizer_config.json, which name the same tokens twice.
 * @returns what the second asks for and the first does not have, in sentences
 * @throws TokenizerError where one id or one token means two things
 */
export function tokenizerNotices({ tokenizerJson, tokenizerConfig }: TokenizerFiles): string[] {
  const json = completeTokenizerJson(tokenizerJson);
  if (!json || typeof tokenizerConfig !== 'object' || tokenizerConfig === null) return [];
  const config = flattenTokenizerConfig(tokenizerConfig);
  const ids = new Map(json.added_tokens.map(({ id, content }) => [content, id]));
  const texts = new Map(json.added_tokens.map(({ id, content }) => [id, content]));
  const vocabulary = vocabularyOf(json.model.vocab);
  const missing: string[] = [];
  for (const [key, value] of Object.entries(objectOf(config['added_tokens_decoder']))) {
    const content = objectOf(value)['content'];
    if (typeof content !== 'string') continue;
    const known = ids.get(content) ?? vocabulary(content);
    const other = texts.get(Number(key));
    if (known !== undefined && known !== Number(key)) throw disagreement(content, String(known), key);
    if (other !== undefined && other !== content) throw disagreement(`id ${key}`, other, content);
    if (known === undefined) missing.push(content);
  }
  for (const name of ['bos_token', 'eos_token']) {
    const token = config[name];
    if (typeof token === 'string' && token !== '' && !ids.has(token) && vocabulary(token) === undefined)
      missing.push(`${token} (${name})`);
  }
  if (missing.length === 0) return [];
  const named = [...new Set(missing)].slice(0, 3).map((token) => JSON.stringify(token));
  return [
    `tokenizer_config.json names ${named.join(', ')}${missing.length > 3 ? ', …' : ''}, which tokenizer.json does not have: such text is taken apart like any other.`
  ];
}

function vocabularyOf(vocab: unknown): (token: string) => number | undefined {
  if (Array.isArray(vocab)) {
    const pieces = new Map(vocab.map((piece, id) => [String((piece as unknown[] | undefined)?.[0]), id]));
    return (token) => pieces.get(token);
  }
  const ids = objectOf(vocab);
  return (token) => (Object.hasOwn(ids, token) ? (ids[token] as number) : undefined);
}

function disagreement(what: string, one: string, other: string): TokenizerError {
  return new TokenizerError(
    `tokenizer.json and tokenizer_config.json disagree about ${JSON.stringify(what)}: it is ${JSON.stringify(one)} in the first and ${JSON.stringify(other)} in the second. ` +
      "Download both anew from the model's page: they belong to different models.",
    { details: { what, tokenizer: one, config: other } }
  );
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

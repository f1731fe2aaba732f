import type { TextSpan } from './chat-template';
import { separatorsOf, type AddedToken, type Position, type TokenizerJson } from './tokenizer-json';

/** Encodes text that holds no separators, as it would be encoded at that position of a longer text. */
export type EncodeStretch = (text: string, position: Position) => number[];

/** An added token in a text; offsets in UTF-16 units. */
export interface FoundToken extends TextSpan {
  token: AddedToken;
}

/**
 * Encodes a text in pieces, so that no token crosses a cut, and so that chosen stretches stay plain text.
 *
 * Where no merge would cross a cut, the pieces joined are exactly the tokens of the whole text. Where one would (an
 * answer that begins with a line break, after a prompt that ends with one), the pieces are what a chat produces: its
 * prompt is tokenised before the answer exists.
 *
 * An added token that touches a `literal` stretch is plain text: a message that contains `<|im_end|>` is encoded as those
 * ten characters and cannot end its own turn.
 */
export class TextSplitter {
  readonly #separators: TokenFinder;
  readonly #added: TokenFinder;
  readonly #encode: EncodeStretch;

  constructor(json: TokenizerJson, encode: EncodeStretch) {
    this.#separators = new TokenFinder(separatorsOf(json));
    this.#added = new TokenFinder(json.added_tokens);
    this.#encode = encode;
  }

  /** The added tokens whose names stand in a text. */
  addedTokens(text: string): FoundToken[] {
    return this.#added.find(text);
  }

  /**
   * Token ids of each piece between the cuts; `cuts.length + 1` lists.
   * @param cuts ascending offsets into the text.
   * @param literal stretches in which added tokens are plain text.
   */
  encode(text: string, cuts: readonly number[], literal: readonly TextSpan[] = []): number[][] {
    const bounds = [0, ...cuts, text.length];
    const separators = bounds
      .slice(1)
      .flatMap((end, i) => this.#separators.find(text, bounds[i], end))
      .filter(({ start, end }) => !literal.some((span) => start < span.end && end > span.start));
    const byStart = new Map(separators.map((separator) => [separator.start, separator]));
    const byEnd = new Map(separators.map((separator) => [separator.end, separator]));

    return bounds.slice(1).map((end, i) => {
      const ids: number[] = [];
      let at = bounds[i];
      const inside = separators.filter((separator) => separator.start >= at && separator.end <= end);
      for (const separator of [...inside, undefined]) {
        const stop = separator?.start ?? end;
        // The neighbours may belong to other pieces; they swallow whitespace and set the position all the same.
        const previous = byEnd.get(at);
        let stretch = text.slice(at, stop);
        if (previous?.token.rstrip) stretch = stretch.trimStart();
        if (byStart.get(stop)?.token.lstrip) stretch = stretch.trimEnd();
        const position = at === 0 ? 'start' : previous ? 'section' : 'continuation';
        if (stretch !== '') ids.push(...this.#encode(stretch, position));
        if (!separator) break;
        ids.push(separator.token.id);
        at = separator.end;
      }
      return ids;
    });
  }
}

/** Finds added tokens in text: leftmost, and the longest where several begin, as the library's splitter does. */
class TokenFinder {
  readonly #pattern: RegExp | undefined;
  readonly #tokens: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    this.#tokens = new Map(
      tokens.filter(({ content }) => content !== '').map((token) => [token.content, token])
    );
    // An alternation takes the first that fits, so the longest stand first.
    const contents = [...this.#tokens.keys()].sort((a, b) => b.length - a.length);
    this.#pattern = contents.length > 0 ? new RegExp(contents.map(escapeRegExp).join('|'), 'g') : undefined;
  }

  find(text: string, start = 0, end = text.length): FoundToken[] {
    if (!this.#pattern) return [];
    return Array.from(text.slice(start, end).matchAll(this.#pattern), (match) => ({
      token: this.#tokens.get(match[0])!,
      start: start + match.index,
      end: start + match.index + match[0].length
    }));
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

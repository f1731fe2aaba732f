import { TabtuneError } from '../errors';

/** One turn, as templates see it. */
export interface TemplateMessage {
  role: string;
  content: string;
}

/** The model has no chat template, so a conversation cannot be put into words for it. */
export class NoChatTemplateError extends TabtuneError {}

/** The template cannot be read, or refuses this conversation. */
export class ChatTemplateError extends TabtuneError {}

/** A stretch of rendered text: UTF-16 offsets, end exclusive. */
export interface TextSpan {
  start: number;
  end: number;
}

/**
 * What a template writes around messages of given roles: `parts[0] content[order[0]] parts[1] content[order[1]] ...`.
 * A content that is not shown, or shown twice, has no skeleton.
 */
export interface Skeleton {
  parts: string[];
  /** Which message stands between `parts[k]` and `parts[k + 1]`; templates may reorder. */
  order: number[];
}

/** Renders Jinja source for messages; throws what the template throws. */
export type RenderJinja = (
  source: string,
  messages: TemplateMessage[],
  addGenerationPrompt: boolean
) => string;

/** A row of private-use characters that neither templates nor people write. */
const SLOT_OPEN = '\u{f5a01}';
const SLOT_CLOSE = '\u{f5a02}';
const MARK_OPEN = '\u{f5a03}';
const MARK_CLOSE = '\u{f5a04}';

const GENERATION_TAG = /(\s*)\{%(-?)\s*(end)?generation\s*(-?)%\}(\s*)/g;

/** Different role sequences remembered at once; a data set has few. */
const SKELETONS_KEPT = 512;

/** A model's chat template, and where in its output the messages end up. */
export class ChatTemplate {
  readonly #jinja: RenderJinja;
  readonly #source: string;
  readonly #marked: string | undefined;
  readonly #skeletons = new Map<string, Skeleton | undefined>();

  /** @param source Jinja text, as in `tokenizer_config.json` or `chat_template.jinja`. */
  constructor(source: string, jinja: RenderJinja) {
    this.#source = source;
    this.#jinja = jinja;
    this.#marked = withMarkers(source);
  }

  /** The conversation as the model reads it. Throws `ChatTemplateError`. */
  render(messages: readonly TemplateMessage[], options: { addGenerationPrompt: boolean }): string {
    return this.#render(this.#source, messages, options.addGenerationPrompt);
  }

  /**
   * What the template's own `{% generation %}` blocks enclose in the text that `render` gives. Undefined where the
   * template has no such blocks or the conversation hides them.
   */
  generationSpans(
    messages: readonly TemplateMessage[],
    options: { addGenerationPrompt: boolean }
  ): TextSpan[] | undefined {
    if (this.#marked === undefined) return undefined;
    const marked = this.#render(this.#marked, messages, options.addGenerationPrompt);
    const spans: TextSpan[] = [];
    let text = '';
    let open = -1;
    for (const piece of marked.split(new RegExp(`(${MARK_OPEN}|${MARK_CLOSE})`, 'u'))) {
      if (piece === MARK_OPEN) {
        if (open >= 0) return undefined;
        open = text.length;
      } else if (piece === MARK_CLOSE) {
        if (open < 0) return undefined;
        if (text.length > open) spans.push({ start: open, end: text.length });
        open = -1;
      } else {
        text += piece;
      }
    }
    return open < 0 && text === this.render(messages, options) ? spans : undefined;
  }

  /** The template's text around messages of these roles, or undefined where it cannot be told. Remembered. */
  skeleton(roles: readonly string[], options: { addGenerationPrompt: boolean }): Skeleton | undefined {
    const key = JSON.stringify([options.addGenerationPrompt, roles]);
    if (!this.#skeletons.has(key)) {
      if (this.#skeletons.size >= SKELETONS_KEPT) this.#skeletons.clear();
      this.#skeletons.set(key, this.#findSkeleton(roles, options));
    }
    return this.#skeletons.get(key);
  }

  #findSkeleton(roles: readonly string[], options: { addGenerationPrompt: boolean }): Skeleton | undefined {
    const messages = roles.map((role, i) => ({ role, content: `${SLOT_OPEN}${i}${SLOT_CLOSE}` }));
    let text: string;
    try {
      text = this.render(messages, options);
    } catch (error) {
      if (error instanceof ChatTemplateError) return undefined;
      throw error;
    }
    const pieces = text.split(new RegExp(`${SLOT_OPEN}(\\d+)${SLOT_CLOSE}`, 'u'));
    const parts = pieces.filter((_, i) => i % 2 === 0);
    const order = pieces.filter((_, i) => i % 2 === 1).map(Number);
    return new Set(order).size === roles.length && order.length === roles.length
      ? { parts, order }
      : undefined;
  }

  #render(source: string, messages: readonly TemplateMessage[], addGenerationPrompt: boolean): string {
    try {
      // Copies: a template may write to its messages.
      return this.#jinja(
        source,
        messages.map(({ role, content }) => ({ role, content })),
        addGenerationPrompt
      );
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const roles = messages.map((message) => message.role);
      throw new ChatTemplateError(
        `The model's chat template refuses the conversation (${roles.slice(0, 8).join(', ')}` +
          `${roles.length > 8 ? ', …' : ''}): ${why}`,
        { details: { roles, reason: why }, cause }
      );
    }
  }
}

/**
 * The template with each `{% generation %}` tag replaced by an output of a mark, so that rendering shows where the
 * answers are. Whitespace around the tags goes as Jinja's `trim_blocks` and `lstrip_blocks` would have it.
 */
function withMarkers(source: string): string | undefined {
  const trimmed = source
    .replace(/^[ \t]+(?=\{%-?\s*(?:end)?generation\s*-?%\})/gm, '')
    .replace(/(\{%-?\s*(?:end)?generation\s*-?%\})\n/g, '$1');
  let found = false;
  const marked = trimmed.replace(GENERATION_TAG, (_, before, left, end, right, after) => {
    found = true;
    return `${left ? '' : before}{{ "${end ? MARK_CLOSE : MARK_OPEN}" }}${right ? '' : after}`;
  });
  return found ? marked : undefined;
}

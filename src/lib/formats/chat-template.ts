import { TabtuneError } from '../errors';
import { CALL_FORMS, showsCall, withForm, PROBE_CALL, type CallForm, type TemplateCall } from './call-form';
import { today, type Day } from './jinja/strftime';

/** One turn, as templates are given it. */
export interface TemplateMessage {
  role: string;
  content: string;
  /** What the assistant thought, under each of the names that templates have for it. */
  reasoning?: string;
  tool_calls?: readonly TemplateCall[];
  tool_call_id?: string;
  name?: string;
}

/** What a conversation is rendered with. */
export interface RenderOptions {
  addGenerationPrompt: boolean;
  /** Functions that the assistant may call. */
  tools?: readonly Readonly<Record<string, unknown>>[];
  /** What the template is told today is. Default: the day it is. */
  date?: Day;
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

/** A template that was read; throws what the template throws. */
interface ParsedTemplate {
  render(variables: Readonly<Record<string, unknown>>, day: Day): string;
}

/** Reads Jinja; throws where it is none. */
export type ParseTemplate = (source: string) => ParsedTemplate;

/** A row of private-use characters that neither templates nor people write. */
const SLOT = '\u{f5a00}';

/** A model's chat template. */
export class ChatTemplate {
  readonly #source: string;
  readonly #names: Readonly<Record<string, unknown>>;
  readonly #parse: ParseTemplate;
  #parsed: ParsedTemplate | undefined;
  #callForms: readonly CallForm[] | undefined;

  /**
   * @param source Jinja text, as in `tokenizer_config.json` or `chat_template.jinja`
   * @param names what the template may use besides the conversation: `bos_token` and the like
   */
  constructor(source: string, names: Readonly<Record<string, unknown>>, parse: ParseTemplate) {
    this.#source = source;
    this.#names = names;
    this.#parse = parse;
  }

  /** Whether the template has a word for the end of what a model thinks. */
  get knowsReasoning(): boolean {
    return this.#source.includes('</think>');
  }

  /**
   * How the template takes calls of tools, the likeliest form first; none where it does not write them. It is tried out
   * once: templates differ in whether the arguments are an object or its JSON, and in what stands for no words.
   */
  get callForms(): readonly CallForm[] {
    this.#callForms ??= CALL_FORMS.filter((form) => {
      try {
        const call = { role: 'assistant', content: '', tool_calls: [PROBE_CALL] };
        return showsCall(
          form,
          this.#run([{ role: 'user', content: 'q' }, withForm(call, form)], { addGenerationPrompt: false })
        );
      } catch {
        return false;
      }
    });
    return this.#callForms;
  }

  /** What the template writes after an answer's last word; undefined where it cannot be told. */
  endOfTurn(): string | undefined {
    const turns = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: SLOT }
    ];
    try {
      const text = this.render(turns, { addGenerationPrompt: false });
      const at = text.lastIndexOf(SLOT);
      return at < 0 ? undefined : text.slice(at + SLOT.length);
    } catch (error) {
      if (error instanceof ChatTemplateError) return undefined;
      throw error;
    }
  }

  /** The conversation as the model reads it. Throws `ChatTemplateError`. */
  render(messages: readonly TemplateMessage[], options: RenderOptions): string {
    try {
      return this.#run(
        messages.map((message) => this.#formed(message)),
        options
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

  #formed(message: TemplateMessage): Record<string, unknown> {
    const { reasoning, ...fields } = message;
    const thought = reasoning ? { reasoning_content: reasoning, reasoning, thinking: reasoning } : {};
    const [call] = message.tool_calls ?? [];
    if (!call) return { ...fields, ...thought };
    const form =
      this.callForms.find((each) => each.arguments === typeof call.function.arguments) ?? this.callForms[0];
    if (!form) throw new ChatTemplateError('it does not write calls of tools');
    return { ...withForm(fields, form), ...thought };
  }

  #run(messages: readonly Record<string, unknown>[], options: RenderOptions): string {
    this.#parsed ??= this.#parse(this.#source);
    return this.#parsed.render(
      {
        ...this.#names,
        messages,
        tools: options.tools ?? null,
        documents: null,
        add_generation_prompt: options.addGenerationPrompt
      },
      options.date ?? today()
    );
  }
}

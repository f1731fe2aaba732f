import type { Split } from '$lib/datanets/datanet';
import type { Message, Tool } from '$lib/datanets/row';
import type { RowChange, RowContent, RowItem } from '$lib/workers/datanets/protocol';
import { parseTags } from './row-words';

export type RowKind = 'chat' | 'text';

/** A row while it is written: a new one, or a row of the draft being changed. */
export class RowDraft {
  kind = $state<RowKind>('chat');
  /** With what a turn has besides its words: calls, reasoning, a weight. Those stay as they are. */
  turns = $state<Message[]>([]);
  text = $state('');
  source = $state('');
  tags = $state('');
  split = $state<Split | ''>('');
  /** Stay as they are. */
  readonly #tools: readonly Tool[];
  readonly #before: string;

  constructor(row?: Pick<RowItem, 'content' | 'source' | 'tags' | 'split'>) {
    if (row && 'text' in row.content) {
      this.kind = 'text';
      this.text = row.content.text;
    }
    this.turns =
      row && 'messages' in row.content ? row.content.messages.map((turn) => ({ ...turn })) : emptyTurns();
    this.#tools = row && 'messages' in row.content ? (row.content.tools ?? []) : [];
    this.source = row?.source ?? '';
    this.tags = row?.tags.join(', ') ?? '';
    this.split = row?.split ?? '';
    this.#before = this.#state();
  }

  get changed(): boolean {
    return this.#state() !== this.#before;
  }

  /** Why it cannot be saved, or undefined. */
  get problem(): string | undefined {
    if (this.kind === 'text') return this.text.trim() ? undefined : 'Write the text of the row.';
    if (this.turns.length === 0) return 'A conversation needs a turn.';
    const empty = this.turns.findIndex((turn) => !turn.content.trim() && !turn.tool_calls?.length);
    if (empty >= 0) return `Turn ${empty + 1} is empty: write it or take it away.`;
    const unnamed = this.turns.findIndex((turn) => !turn.role.trim());
    if (unnamed >= 0) return `Turn ${unnamed + 1} has no role.`;
    return undefined;
  }

  /** A turn after the last: the one whose turn it is. */
  addTurn(): void {
    this.turns.push({ role: this.turns.at(-1)?.role === 'user' ? 'assistant' : 'user', content: '' });
  }

  addSystem(): void {
    this.turns.unshift({ role: 'system', content: '' });
  }

  removeTurn(index: number): void {
    this.turns.splice(index, 1);
  }

  content(): RowContent {
    if (this.kind === 'text') return { text: this.text };
    // A plain copy, calls and all: it goes to a worker.
    const turns = JSON.parse(JSON.stringify(this.turns)) as Message[];
    const messages = turns.map((turn) => ({ ...turn, role: turn.role.trim() }));
    return this.#tools.length > 0 ? { messages, tools: [...this.#tools] } : { messages };
  }

  /** Everything that a save writes. */
  change(): RowChange {
    return {
      content: this.content(),
      source: this.source.trim(),
      tags: parseTags(this.tags),
      split: this.split || null
    };
  }

  #state(): string {
    return JSON.stringify(this.change());
  }
}

function emptyTurns(): Message[] {
  return [
    { role: 'user', content: '' },
    { role: 'assistant', content: '' }
  ];
}

import { describe, expect, it } from 'vitest';
import { RowDraft } from './row-draft.svelte';

const row = {
  content: {
    messages: [
      { role: 'user', content: 'Who?' },
      { role: 'assistant', content: 'Edda' }
    ]
  },
  source: 'log',
  tags: ['light', 'people'],
  split: 'test' as const
};

describe('a row while it is written', () => {
  it('knows whether anything changed, and takes a change back', () => {
    const draft = new RowDraft(row);
    expect(draft.changed).toBe(false);
    draft.turns[1].content = 'Edda Thorne';
    expect(draft.changed).toBe(true);
    draft.turns[1].content = 'Edda';
    expect(draft.changed).toBe(false);
    draft.split = '';
    expect(draft.change()).toEqual({ ...row, split: null });
  });

  it('says what is missing before it can be saved', () => {
    const draft = new RowDraft();
    expect(draft.problem).toContain('Turn 1 is empty');
    draft.turns[0].content = 'Who?';
    draft.turns[1].content = ' ';
    expect(draft.problem).toContain('Turn 2 is empty');
    draft.turns[1] = { role: ' ', content: 'Edda' };
    expect(draft.problem).toContain('no role');
    draft.turns[1].role = 'assistant';
    expect(draft.problem).toBeUndefined();
    draft.kind = 'text';
    expect(draft.problem).toContain('text of the row');
  });

  it('goes on with the turn of whoever has it', () => {
    const draft = new RowDraft(row);
    draft.addTurn();
    draft.addTurn();
    draft.addSystem();
    expect(draft.turns.map((turn) => turn.role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'assistant'
    ]);
    draft.removeTurn(0);
    expect(draft.turns[0].content).toBe('Who?');
  });

  it('does not write into the row that it was made from', () => {
    const draft = new RowDraft(row);
    draft.turns[0].content = 'changed';
    expect(row.content.messages[0].content).toBe('Who?');
  });
});

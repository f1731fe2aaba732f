import { describe, expect, it } from 'vitest';
import { parquetReadObjects } from 'hyparquet';
import { writeParquet } from './bundle/parquet';
import { canonicalRow } from './canonical';
import { rowCid } from './content/cid';
import { readRows, writeRows } from './content/rows-file';
import type { DatanetRow } from './datanet';
import { openImport } from './import/open';
import { BlockPacker } from './store/blocks';
import { changeTexts, rowContent, rowTexts, type RowContent } from './row';

/** A row with everything that a row can have. */
const FULL: DatanetRow = {
  messages: [
    { role: 'user', content: 'When?' },
    {
      role: 'assistant',
      content: '',
      reasoning: 'I have to look.',
      tool_calls: [
        {
          id: 'c1',
          type: 'function',
          function: { name: 'tide_table', arguments: { harbour: 'Pelhaven', days: [1, null] } }
        },
        { type: 'function', function: { name: 'tide_table', arguments: '{"days":2}' } }
      ]
    },
    { role: 'tool', content: '16:04', tool_call_id: 'c1', name: 'tide_table' },
    { role: 'assistant', content: 'At noon.', weight: 0 },
    { role: 'assistant', content: 'At 16:04.' }
  ],
  tools: [{ type: 'function', function: { name: 'tide_table', description: 'Tides', parameters: {} } }],
  contributor: 'Ann',
  source: 'the log',
  split: 'test',
  tags: ['tide']
};

const PLAIN: DatanetRow = { messages: [{ role: 'user', content: 'a' }], contributor: 'Bo', tags: ['x'] };

describe('what a row says', () => {
  it('has the identity it always had where it is role and content alone', () => {
    // Of {"messages":[{"content":"a","role":"user"}]}, and of a text.
    expect(rowCid(rowContent(PLAIN))).toBe('bafkreif3ohvkigymu6sak5ku4lgftxqvlffss4uvadkseid4vhndsoc6uu');
    expect(rowCid({ text: 'row' })).toBe('bafkreifxta3qlqw6megkts2wj5n3ajmsaywve2eosmappiff42k5dyv44y');
  });

  it('is another row with each thing that is said besides', () => {
    const changes: ((row: Extract<DatanetRow, { messages: unknown }>) => void)[] = [
      (row) => delete row.tools,
      (row) => delete row.messages[1].reasoning,
      (row) => delete row.messages[1].tool_calls,
      (row) => delete row.messages[2].tool_call_id,
      (row) => delete row.messages[2].name,
      (row) => delete row.messages[3].weight
    ];
    const cids = [() => undefined, ...changes].map((change) => {
      const row = structuredClone(FULL) as Extract<DatanetRow, { messages: unknown }>;
      change(row);
      return rowCid(rowContent(row));
    });
    expect(new Set(cids).size).toBe(cids.length);
  });

  it('leaves out what says nothing, so that it has one form', () => {
    const empty = { role: 'user', content: 'a', reasoning: '', tool_calls: [], name: undefined };
    expect(rowContent({ messages: [empty], tools: [] })).toEqual({
      messages: [{ role: 'user', content: 'a' }]
    });
  });

  it('comes back whole from rows.jsonl, written plainly or as it lies in a store', async () => {
    const rows = [PLAIN, FULL, { text: 'ebb', contributor: 'Ann' } as DatanetRow];
    const plain = await writeRows(rows);
    const packer = new BlockPacker('d');
    const stored = rows.map((row) => {
      const { digest } = packer.add(row);
      const [block] = packer.takeAll();
      const { messages: _, text: __, tools: ___, ...meta } = row as unknown as Record<string, unknown>;
      return { meta: meta as never, json: new Uint8Array(block.bytes), digest };
    });
    const again = await writeRows(stored);
    expect(again.digest).toEqual(plain.digest);
    const back: DatanetRow[] = [];
    for await (const row of readRows(plain.blob.stream(), plain.digest)) back.push(row);
    expect(back).toEqual(rows);
  });

  it('comes back whole from Parquet, through the import', async () => {
    const rows = [PLAIN, FULL];
    const blob = await writeParquet(rows, rows.length, {});
    const [first, second] = await parquetReadObjects({ file: await blob.arrayBuffer() });
    expect(first.messages).toEqual([{ role: 'user', content: 'a' }]);
    // Not less than it is.
    expect(second.messages).toBeUndefined();
    const file = new File([blob], 'rows.parquet');
    const back: string[] = [];
    for await (const { rows: some, problems } of openImport({ kind: 'file', file }, { to: 'rows' })) {
      expect(problems).toEqual([]);
      back.push(...some.map((row) => canonicalRow(row)));
    }
    expect(back).toEqual(rows.map((row) => canonicalRow(row)));
  });
});

describe('the texts of a row', () => {
  it('are all of them, each with its place', () => {
    const places = rowTexts(FULL).map(({ path, text, role }) => `${path.join('.')} ${role} ${text}`);
    expect(places).toEqual([
      'messages.0.content user When?',
      'messages.1.reasoning assistant I have to look.',
      'messages.1.tool_calls.0.function.name call tide_table',
      'messages.1.tool_calls.0.function.arguments.harbour call Pelhaven',
      'messages.1.tool_calls.1.function.name call tide_table',
      'messages.1.tool_calls.1.function.arguments call {"days":2}',
      'messages.2.content tool 16:04',
      'messages.2.name call tide_table',
      'messages.3.content assistant At noon.',
      'messages.4.content assistant At 16:04.',
      'tools.0.type tools function',
      'tools.0.function.name tools tide_table',
      'tools.0.function.description tools Tides'
    ]);
  });

  it('can be changed, each at its place, and nothing else', () => {
    const content = rowContent(FULL);
    expect(changeTexts(content, (text) => text)).toEqual(content);
    const shouted = changeTexts(content, (text) => text.toUpperCase()) as RowContent;
    expect(rowTexts(shouted).every(({ text }) => text === text.toUpperCase())).toBe(true);
    expect(rowTexts(shouted).map(({ path }) => path)).toEqual(rowTexts(content).map(({ path }) => path));
  });
});

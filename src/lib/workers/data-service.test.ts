import 'fake-indexeddb/auto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoRowsError } from '../datanets/parse';
import { Store } from '../datanets/store/store';
import { NotStoredError } from '../datanets/store/store-errors';
import { MemoryFileCache } from '../formats/file-cache';
import { DataService } from './data-service';
import { HubLibrary } from './hub-library';
import { SiteFileError } from './model-files';
import type { ModelChoice } from './protocol';

const root = fileURLToPath(new URL('../../../static/', import.meta.url));
const site = 'https://tabtune.test/';
const starter: ModelChoice = { kind: 'starter', folder: `${site}starter/model/` };
const encoding = { maxLength: 64, trainOn: 'answers' as const };

let store: Store;
let service: DataService;
let count = 0;

beforeEach(async () => {
  count += 1;
  store = await Store.open(`data-service-${count}`);
  service = new DataService(Promise.resolve(store), new HubLibrary(new MemoryFileCache()));
  vi.stubGlobal('fetch', async (address: string) => {
    const bytes = await readFile(root + address.slice(site.length)).catch(() => undefined);
    return bytes ? new Response(bytes) : new Response('', { status: 404 });
  });
});
afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const lines = (...values: unknown[]) =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');
const chat = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});
const ignore = () => undefined;
const rowsOf = ({ id }: { id: string }) => ({ kind: 'rows' as const, rowSet: id });

describe('rows in the data worker', () => {
  it('keeps the rows of a file and its problems', async () => {
    const file = new File([lines(chat('a', 'b'), '{oops', chat('c', 'd'))], 'talk.jsonl');
    const set = await service.importRows({ kind: 'file', file }, ignore);
    expect(set).toMatchObject({
      name: 'talk.jsonl',
      rows: 2,
      heldOut: 0,
      problemCount: 1,
      format: 'messages'
    });
    expect(await service.rowProblems(set.id)).toMatchObject([{ line: 2 }]);
    expect(await service.outlook(rowsOf(set))).toMatchObject({ name: 'talk.jsonl', rows: 2, versions: [] });
    expect(await service.questions(rowsOf(set), 5)).toEqual(['a', 'c']);

    expect((await service.importRows({ kind: 'file', file }, ignore)).id).toBe(set.id);
    const renamed = new File([await file.text()], 'other.jsonl');
    await service.importRows({ kind: 'file', file: renamed }, ignore);
    expect(await service.rowSets()).toHaveLength(2);

    await service.deleteRowSet(set.id);
    expect(await service.rowSets()).toHaveLength(1);
    await expect(service.outlook(rowsOf(set))).rejects.toThrow(NotStoredError);
  });

  it('refuses a file without a row and keeps nothing', async () => {
    const file = new File(['{oops'], 'broken.jsonl');
    await expect(service.importRows({ kind: 'file', file }, ignore)).rejects.toThrow(NoRowsError);
    expect(await service.rowSets()).toEqual([]);
  });

  it('previews and counts them as the model reads them', async () => {
    const text = lines(
      chat('Who?', 'Ines.'),
      chat('Why?', 'word '.repeat(100).trim()),
      chat('<|end|>?', 'Yes.')
    );
    const set = await service.importRows({ kind: 'text', text }, ignore);
    const [first, long] = await service.preview(rowsOf(set), starter, 0, 10, encoding);
    const learned = first.pieces.filter((piece) => piece.trained).map((piece) => piece.text);
    expect(learned.join('')).toContain('Ines.');
    expect(learned.join('')).not.toContain('Who?');
    expect(long.truncated).toBeGreaterThan(0);
    expect(long.tokens).toBe(64);
    expect(long.pieces.at(-1)).toMatchObject({ cut: true });

    const statistics = await service.statistics(rowsOf(set), starter, encoding);
    expect(statistics).toMatchObject({ rows: 3, cutRows: 1, cutTokens: long.truncated, longest: 64 });
    expect(statistics.histogram.counts.reduce((a, b) => a + b)).toBe(3 - statistics.refusedRows);
    const everything = await service.statistics(rowsOf(set), starter, { ...encoding, trainOn: 'everything' });
    expect(everything.trainedTokens).toBeGreaterThan(statistics.trainedTokens);
  });
});

describe('models in the data worker', () => {
  it('describes the starter', async () => {
    const summary = await service.openModel(starter);
    expect(summary).toMatchObject({
      name: 'tabtune-starter',
      hasChatTemplate: true,
      architecture: 'LlamaForCausalLM'
    });
    expect(summary.parameters).toBeGreaterThan(1e6);
    // Two bytes a parameter, and a tokeniser.
    expect(summary.bytes).toBeGreaterThan(summary.parameters * 2);
  });

  it('says which file a site lacks', async () => {
    const missing = { kind: 'starter' as const, folder: `${site}elsewhere/` };
    await expect(service.openModel(missing)).rejects.toThrow(SiteFileError);
    await expect(service.openModel(missing)).rejects.toThrow(/elsewhere\/config\.json.*404/);
  });

  it('opens files of this computer under their folder', async () => {
    const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
    const files = await Promise.all(
      names.map(async (name) => new File([await readFile(`${root}starter/model/${name}`)], name))
    );
    const summary = await service.openModel({ kind: 'files', name: 'mine', files });
    expect(summary.parameters).toBe((await service.openModel(starter)).parameters);
    await expect(
      service.openModel({ kind: 'files', name: 'mine', files: files.slice(1) })
    ).rejects.toMatchObject({ name: 'MissingConfigError' });
  });
});

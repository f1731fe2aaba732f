import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

describe('the README', () => {
  const readme = read('README.md');
  /** Backquoted names in the first column of the tables of dependencies. */
  const listed = (readme.split('## Dependencies')[1] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]));

  it('gives a reason for every dependency, and for no other', () => {
    const installed = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {})
    );
    expect([...listed].sort()).toEqual(installed.sort());
  });

  it('names only commands that exist', () => {
    const commands = [readme, read('CONTRIBUTING.md')].flatMap((text) =>
      [...text.matchAll(/npm (?:run (?=\w))?(start|test|(?<=run )[a-z]+)/g)].map((match) => match[1] ?? '')
    );
    const known = new Set(Object.keys(manifest['scripts'] ?? {}));
    expect(commands.length).toBeGreaterThan(8);
    expect(commands.filter((command) => !known.has(command))).toEqual([]);
  });

  it('names only folders that exist', () => {
    const folders = (readme.match(/^ {4}(?:src|static|tests|tools)\S*/gm) ?? []).map((line) => line.trim());
    expect(folders.length).toBeGreaterThan(8);
    expect(folders.filter((folder) => !existsSync(`${root}${folder}`))).toEqual([]);
  });
});

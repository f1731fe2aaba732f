import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What nobody waits for who does not use it: it may be reached from a page or a worker by `import()` alone. */
const onDemand = {
  'a wallet': [
    'viem',
    '@wagmi/core',
    '@openzeppelin/contracts',
    '@openzeppelin/merkle-tree',
    '@uniswap/merkle-distributor',
    'src/lib/chain',
    'src/lib/wallet/connection'
  ],
  'a document': ['pdfjs-dist', 'mammoth', 'eld']
};

/** Modules that a module loads with it: imports and re-exports of values. Types and `import()` load nothing. */
function loadedBy(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const code = path.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]).join('\n')
    : text;
  return specifiersOf(code);
}

function specifiersOf(code: string): string[] {
  return ts.createSourceFile('module.ts', code, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) {
      const clause = statement.importClause;
      const names = clause?.namedBindings;
      const typesOnly =
        clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
        (clause !== undefined &&
          clause.name === undefined &&
          names !== undefined &&
          ts.isNamedImports(names) &&
          names.elements.every((element) => element.isTypeOnly));
      return typesOnly ? [] : [(statement.moduleSpecifier as ts.StringLiteral).text];
    }
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier && !statement.isTypeOnly)
      return [(statement.moduleSpecifier as ts.StringLiteral).text];
    return [];
  });
}

/** The file of the house that a specifier means; undefined for a package. */
function fileOf(importer: string, specifier: string): string | undefined {
  const base = specifier.startsWith('$lib')
    ? join(root, specifier.replace('$lib', 'src/lib'))
    : specifier.startsWith('.')
      ? resolve(dirname(importer), specifier)
      : undefined;
  if (base === undefined) return undefined;
  return [base, `${base}.ts`, `${base}/index.ts`].find((path) => existsSync(path) && /\.\w+$/.test(path));
}

/** Every module that comes with some entries, and the way to it: `a → b → viem`. */
function reachedFrom(entries: readonly string[]): Map<string, string> {
  const ways = new Map(entries.map((entry) => [entry, relative(root, entry)]));
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const specifier of loadedBy(path)) {
      const file = fileOf(path, specifier);
      const name = file ?? specifier;
      if (ways.has(name)) continue;
      ways.set(name, `${ways.get(path)} → ${file ? relative(root, file) : specifier}`);
      if (file && /\.(ts|svelte)$/.test(file)) waiting.push(file);
    }
  }
  return ways;
}

const filesUnder = (folder: string, pattern: RegExp) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(root, folder, name));

describe('what loads only when it is used', () => {
  const entries = [
    ...filesUnder('src/routes', /\.(svelte|ts)$/),
    ...filesUnder('src/lib/workers', /\.worker\.ts$/)
  ];
  const reached = reachedFrom(entries);

  it('is looked for from every page and both workers, through the whole house', () => {
    const names = [...reached.keys()].map((name) => relative(root, name));
    expect(entries.length).toBeGreaterThan(6);
    expect(names).toContain('src/lib/gpu/device.ts');
    expect(names).toContain('src/lib/components/chat/ChatSection.svelte');
    expect([...reached.keys()]).toContain('comlink');
  });

  it('would be noticed, and types and import() are not', () => {
    const code =
      "import type { A } from 'a'; import { type B } from 'b'; import { c } from 'c'; import 'd'; export * from 'e'; export type { F } from 'f'; void import('g')";
    expect(specifiersOf(code)).toEqual(['c', 'd', 'e']);
  });

  for (const [what, modules] of Object.entries(onDemand)) {
    it(`is not there before ${what} is used`, () => {
      const ways = [...reached].flatMap(([name, way]) => {
        const known = relative(root, name).startsWith('src/') ? relative(root, name) : name;
        return modules.some((module) => new RegExp(`^${module}(?:[/.]|$)`).test(known)) ? [way] : [];
      });
      expect(ways).toEqual([]);
    });
  }
});

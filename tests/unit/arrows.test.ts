import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The house, from the ground up: what a part may import besides itself. Each part names all it may use, so that
 * a new arrow is a decision made here and not an accident made somewhere else.
 */
const mayImport: Record<string, readonly string[]> = {
  'src/lib/errors': [],
  // How JSON of strangers is read is the same everywhere.
  'src/lib/json': ['src/lib/errors'],
  'src/lib/gpu': ['src/lib/errors'],
  'src/lib/formats': ['src/lib/errors', 'src/lib/json'],
  'src/lib/datanets': ['src/lib/errors', 'src/lib/json', 'src/lib/formats'],
  'src/lib/attribution': ['src/lib/errors', 'src/lib/json', 'src/lib/datanets'],
  'src/lib/chain': ['src/lib/errors', 'src/lib/datanets', 'src/lib/attribution'],
  'src/lib/wallet': ['src/lib/errors', 'src/lib/attribution', 'src/lib/chain'],
  'src/lib/jobs': [
    'src/lib/errors',
    'src/lib/gpu',
    'src/lib/formats',
    'src/lib/datanets',
    'src/lib/attribution'
  ],
  'src/lib/workers': [
    'src/lib/errors',
    'src/lib/json',
    'src/lib/gpu',
    'src/lib/formats',
    'src/lib/datanets',
    'src/lib/attribution',
    'src/lib/jobs'
  ],
  'src/lib/components': [
    'src/lib/errors',
    'src/lib/gpu',
    'src/lib/formats',
    'src/lib/datanets',
    'src/lib/attribution',
    'src/lib/chain',
    'src/lib/wallet',
    'src/lib/jobs',
    'src/lib/workers'
  ],
  // The one style sheet that all pages share.
  'src/app': [],
  'src/routes': [
    'src/app',
    'src/lib/errors',
    'src/lib/gpu',
    'src/lib/formats',
    'src/lib/datanets',
    'src/lib/jobs',
    'src/lib/workers',
    'src/lib/components'
  ],
  'src/cli': [
    'src/lib/errors',
    'src/lib/json',
    'src/lib/gpu',
    'src/lib/formats',
    'src/lib/datanets',
    'src/lib/attribution',
    'src/lib/chain',
    'src/lib/jobs'
  ]
};

/** What the engine may take from npm: nothing. It runs wherever WebGPU does. */
const packagesOf: Record<string, readonly string[]> = { 'src/lib/gpu': [], 'src/lib/errors': [] };

/** The specifiers a module imports or re-exports, dynamic imports and types included. */
function importsOf(path: string, text: string): string[] {
  // Of a component, the script matters; markup holds no imports.
  const code = path.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]).join('\n')
    : text;
  return ts.preProcessFile(code, true, true).importedFiles.map((file) => file.fileName);
}

/** The part of the house that a file (relative to the root) belongs to. */
function partOf(path: string): string | undefined {
  const posix = path.split(sep).join('/');
  return Object.keys(mayImport).find(
    (part) => posix === part || posix.startsWith(`${part}/`) || posix.startsWith(`${part}.`)
  );
}

/** Why an import is not allowed, or undefined. */
function objection(path: string, specifier: string): string | undefined {
  const from = partOf(path);
  if (from === undefined) return undefined;
  const inHouse = specifier.startsWith('.')
    ? relative(root, resolve(root, dirname(path), specifier))
    : specifier.startsWith('$lib')
      ? specifier.replace('$lib', 'src/lib')
      : undefined;
  if (inHouse === undefined) {
    const allowed = packagesOf[from];
    return allowed && !allowed.includes(specifier) ? `${path} imports the package ${specifier}` : undefined;
  }
  const to = partOf(inHouse);
  if (to === undefined) return `${path} imports ${inHouse}, which lies outside the house`;
  return to === from || mayImport[from]?.includes(to)
    ? undefined
    : `${path} imports ${inHouse}: ${from} may not`;
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => join('src', name))
  .filter((path) => /\.(ts|svelte)$/.test(path) && !/\.(test|d)\.ts$/.test(path));

describe('the arrows of the house point down', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.map(partOf)).toContain('src/lib/gpu');
  });

  it('would notice an arrow that points up, a foreign package and a way out of src', () => {
    expect(objection('src/lib/gpu/device.ts', '../formats/half')).toContain('src/lib/gpu may not');
    expect(objection('src/lib/formats/gguf.ts', '$lib/gpu/index')).toContain('src/lib/formats may not');
    expect(objection('src/lib/gpu/device.ts', 'idb')).toContain('package idb');
    expect(objection('src/lib/gpu/device.ts', '../../../tools/vulkan.mjs')).toContain('outside the house');
    expect(objection('src/lib/gpu/kernels/add/add.ts', '../../../errors')).toBeUndefined();
    expect(
      importsOf('a.svelte', '<script lang="ts">import x from "./y"; await import("./z")</script>')
    ).toEqual(['./y', './z']);
  });

  it('finds none that points up', () => {
    const objections = sources.flatMap((path) =>
      importsOf(path, readFileSync(join(root, path), 'utf8')).flatMap(
        (specifier) => objection(path, specifier) ?? []
      )
    );
    expect(objections).toEqual([]);
  });
});

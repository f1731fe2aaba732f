/** Properties are tried on the same inputs in each `npm test`, and on drawn ones by `npm run fuzz`: no test passes by chance. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

function* testsIn(folder: string): Generator<string> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.test.ts')) yield join(folder, name);
  }
}

it('every property takes its seed and its number of inputs from fuzz()', () => {
  const faults: string[] = [];
  for (const path of [...testsIn('src'), ...testsIn('tests')]) {
    const text = readFileSync(path, 'utf8');
    if (!text.includes("from 'fast-check'")) continue;
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const takesSeed = (options: ts.Expression | undefined) =>
      options !== undefined && /\b(?:fuzz\(|limits\b|runs\b)/.test(options.getText());
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && /^fc\.(?:assert|check|sample)$/.test(node.expression.getText())) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        if (!takesSeed(node.arguments[1])) faults.push(`${path}:${line + 1}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  expect(faults).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { software } from '../../src/lib/jobs/software';

it('names the version that package.json has', () => {
  const { name, version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  ) as { name: string; version: string };
  expect(software).toBe(`${name} ${version}`);
});

import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange, serve } from '../../tools/serve.mjs';

describe('parseRange', () => {
  it.each([
    [undefined, 'whole'],
    ['bytes=0-3', { start: 0, end: 3 }],
    ['bytes=4-', { start: 4, end: 9 }],
    ['bytes=8-100', { start: 8, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', 'whole'],
    ['bytes=0-1,4-5', 'whole'],
    ['bytes=-', 'whole'],
    ['rows=0-1', 'whole']
  ])('%s of ten bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });
});

describe('the static server', () => {
  const top = mkdtempSync(join(tmpdir(), 'tabtune-serve-'));
  const folder = join(top, 'site');
  const home = '<p>home</p>';
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    mkdirSync(join(folder, '_app', 'immutable'), { recursive: true });
    writeFileSync(join(folder, 'index.html'), home);
    writeFileSync(
      join(folder, '_headers'),
      "/*\n  X-Frame: frame-ancestors 'none'\n  X-More: a: b\n/other\n  X-Other: no\n"
    );
    writeFileSync(join(folder, 'about.html'), '<p>about</p>');
    writeFileSync(join(folder, 'model.safetensors'), '0123456789');
    writeFileSync(join(folder, '_app', 'immutable', 'a.js'), 'export {}');
    writeFileSync(join(top, 'secret.txt'), 'secret');
    ({ url, close } = await serve({ folder, port: 0 }));
  });
  afterAll(async () => {
    await close();
    rmSync(top, { recursive: true });
  });

  it('gives pages by folder and by name, with their type', async () => {
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toBe(home);
    expect(await (await fetch(`${url}about`)).text()).toBe('<p>about</p>');
    expect((await fetch(`${url}nothing`)).status).toBe(404);
    expect((await fetch(`${url}%ff`)).status).toBe(404);
  });

  it('gives a part of a file where one is asked for', async () => {
    const part = await fetch(`${url}model.safetensors`, { headers: { range: 'bytes=2-4' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234'
    ]);
    const beyond = await fetch(`${url}model.safetensors`, { headers: { range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('answers HEAD without a body, an unchanged file with 304, other methods with 405', async () => {
    const head = await fetch(`${url}model.safetensors`, { method: 'HEAD' });
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['10', '']);
    const etag = head.headers.get('etag') ?? '';
    expect((await fetch(`${url}model.safetensors`, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('lets only hashed files be cached for long', async () => {
    expect((await fetch(`${url}_app/immutable/a.js`)).headers.get('cache-control')).toContain('immutable');
    expect((await fetch(url)).headers.get('cache-control')).toBe('no-cache');
  });

  it('says so where it takes another port: a browser keeps nothing of the usual one there', async () => {
    // Somebody else may have the usual port already: the second of two never gets it.
    const [one, other] = [await serve({ folder }), await serve({ folder })];
    try {
      expect(other.url).not.toBe(one.url);
      expect(other.note).toMatch(
        /^Port 4173 is taken, so this is port \d+\..* http:\/\/127\.0\.0\.1:4173\/ are not seen here/
      );
      const chosen = await serve({ folder, port: 0 });
      await chosen.close();
      expect(chosen.note).toBe('');
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });

  it('sends with every file what the site asks for', async () => {
    for (const path of ['', '_app/immutable/a.js', 'model.safetensors']) {
      const { headers } = await fetch(url + path);
      expect([headers.get('x-frame'), headers.get('x-more'), headers.get('x-other')]).toEqual([
        "frame-ancestors 'none'",
        'a: b',
        null
      ]);
    }
  });

  it('of the real site keeps other pages from framing it, and is read as that of other hosts is', async () => {
    const text = readFileSync('static/_headers', 'utf8');
    expect(text).toMatch(/^\/\*\n {2}Content-Security-Policy: frame-ancestors 'none'\n/);
  });

  it('gives nothing outside its folder', async () => {
    // fetch would tidy the dots away: the path has to be sent as it is.
    const status = (path: string) =>
      new Promise((resolve, reject) => {
        const { port } = new URL(url);
        request({ port, host: '127.0.0.1', path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await status('/../secret.txt')).toBe(404);
    expect(await status('/%2e%2e/secret.txt')).toBe(404);
    expect(await status('/..%2fsecret.txt')).toBe(404);
  });
});

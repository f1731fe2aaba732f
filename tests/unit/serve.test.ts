import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
  const policy = "default-src 'self'";
  const home = `<meta http-equiv="content-security-policy" content="${policy}"><p>home</p>`;
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    mkdirSync(join(folder, '_app', 'immutable'), { recursive: true });
    writeFileSync(join(folder, 'index.html'), home);
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

  it("sends scripts, and so workers, with the page's content security policy", async () => {
    const script = await fetch(`${url}_app/immutable/a.js`);
    expect(script.headers.get('content-security-policy')).toBe(policy);
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

/**
 * Serves the built site on this machine: `node tools/serve.mjs [--port 4173] [--folder build]`.
 * Small on purpose: right types, byte ranges, validators, nothing outside the folder, nobody from outside.
 */
import { createReadStream, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const host = '127.0.0.1';
const defaultPort = 4173;
const portsToTry = 50;

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.gguf': 'application/octet-stream',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jinja': 'text/plain; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.jsonl': 'application/jsonl; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.wgsl': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2'
};

/**
 * The file an address means: itself, `<address>.html`, or the folder's index.html.
 * @param {string} folder absolute
 * @param {string} address the request's path, still encoded
 */
async function findFile(folder, address) {
  let path;
  try {
    path = decodeURIComponent(address);
  } catch {
    return undefined;
  }
  const target = resolve(folder, `.${path}`);
  if (path.includes('\0') || (target !== folder && !target.startsWith(folder + sep))) return undefined;
  for (const file of path.endsWith('/') ? [join(target, 'index.html')] : [target, `${target}.html`]) {
    const status = await stat(file).catch(() => undefined);
    if (status?.isFile()) return { file, size: status.size, modified: status.mtimeMs };
  }
  return undefined;
}

/**
 * A single `bytes=` range; several ranges and other units are answered with the whole file, as RFC 9110 allows.
 * @param {string | undefined} header
 * @param {number} size
 * @returns {{ start: number, end: number } | 'whole' | 'unsatisfiable'} both ends inclusive
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== '' && Number(match[2]) < start) return 'whole';
  return start >= size ? 'unsatisfiable' : { start, end };
}

/**
 * What a site asks its host to send with every file: the lines below `/*` of its `_headers`, as several static hosts
 * read them.
 * @param {string} folder
 * @returns {Promise<Record<string, string>>}
 */
async function headersOf(folder) {
  const text = await readFile(join(folder, '_headers'), 'utf8').catch(() => '');
  const block = /^\/\*\n((?:[ \t]+\S.*(?:\n|$))*)/m.exec(text)?.[1] ?? '';
  return Object.fromEntries(
    [...block.matchAll(/^[ \t]+([\w-]+):[ \t]*(.*)$/gm)].map(([, name, value]) => [name.toLowerCase(), value])
  );
}

/**
 * Starts serving a folder.
 * @param {{ folder: string, port?: number }} options port 0 takes any free one; without a port, 4173 or the next free
 * @returns {Promise<{ url: string, note: string, close(): Promise<void> }>} note: what whoever opens the address should
 *   know of it, or empty
 */
export async function serve({ folder, port }) {
  const absolute = resolve(folder);
  const common = await headersOf(absolute);
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const address = (request.url ?? '/').split(/[?#]/, 1)[0] ?? '/';
    const found = await findFile(absolute, address);
    if (!found) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found\n');
      return;
    }
    const etag = `"${found.size.toString(36)}-${Math.round(found.modified).toString(36)}"`;
    /** @type {Record<string, string>} */
    const headers = {
      ...common,
      'content-type': types[extname(found.file).toLowerCase()] ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag,
      // Names under immutable/ carry a hash of what they hold.
      'cache-control': address.includes('/immutable/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    };
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    const range = parseRange(request.headers.range, found.size);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${found.size}` }).end();
      return;
    }
    if (range === 'whole') {
      response.writeHead(200, { ...headers, 'content-length': found.size });
    } else {
      response.writeHead(206, {
        ...headers,
        'content-length': range.end - range.start + 1,
        'content-range': `bytes ${range.start}-${range.end}/${found.size}`
      });
    }
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // A reader that goes away half-way is no error of ours.
    pipeline(createReadStream(found.file, range === 'whole' ? {} : range), response, () => {});
  });

  const first = port ?? defaultPort;
  const tries = port === undefined ? portsToTry : 1;
  for (let offset = 0; ; offset++) {
    const taken = await new Promise((done) => {
      server.once('error', done);
      server.listen(first + offset, host, () => {
        server.removeListener('error', done);
        done(undefined);
      });
    });
    if (!taken) break;
    if (taken.code !== 'EADDRINUSE' || offset + 1 >= tries) throw taken;
  }
  const bound = server.address();
  const actual = typeof bound === 'object' && bound ? bound.port : first;
  return {
    url: `http://${host}:${actual}/`,
    note: port === undefined && actual !== first ? anotherOrigin(first, actual) : '',
    close: () =>
      new Promise((done, fail) => {
        server.close((error) => (error ? fail(error) : done()));
        server.closeAllConnections();
      })
  };
}

/**
 * What a browser keeps belongs to scheme, host and port together.
 * @param {number} usual @param {number} actual
 */
function anotherOrigin(usual, actual) {
  return (
    `Port ${usual} is taken, so this is port ${actual}. To a browser that is another site: Datanets, adapters and keys ` +
    `that it keeps for http://${host}:${usual}/ are not seen here, and what it keeps here is not seen there. ` +
    `Is it another Tabtune that has the port? Use that one, or end it and start again.`
  );
}

async function main() {
  const { values } = parseArgs({ options: { port: { type: 'string' }, folder: { type: 'string' } } });
  const folder = resolve(values.folder ?? join(root, 'build'));
  if (!existsSync(join(folder, 'index.html'))) {
    process.stderr.write(`${folder} holds no index.html: run "npm run build" first.\n`);
    process.exit(1);
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
    process.stderr.write(`--port ${values.port} is no port number.\n`);
    process.exit(2);
  }
  const { url, note } = await serve({ folder, port });
  process.stdout.write(`Tabtune is at ${url} (Ctrl+C ends it)\n${note && `${note}\n`}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();

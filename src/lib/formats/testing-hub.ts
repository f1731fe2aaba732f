import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stand-in for the hub on this machine: one model, ranges, and failures on demand. */

export const COMMIT = 'c'.repeat(40);
export const MODEL = 'org/tiny';

export interface TestHub {
  readonly endpoint: string;
  readonly files: Map<string, Uint8Array>;
  /** Requests for files: path and Range header. */
  readonly requests: { path: string; range?: string }[];
  /** Answers given instead of the file, in this order; then files as they are. */
  readonly failures: Failure[];
  /** Commits by branch or tag. */
  readonly revisions: Map<string, string>;
  /** What the hub says of a GGUF's header. */
  architecture?: string;
  /** Status and error code of the listing instead of it. */
  refusal?: { status: number; code?: string };
  /** Whether ranges are honoured. */
  ranges: boolean;
  /** Entity tag suffix, to be changed in the middle. */
  version: string;
  close(): Promise<void>;
}

/** Ends the connection after so many bytes, answers with a status, or alters the bytes sent. */
export type Failure = { after: number } | { status: number } | { corrupt: true } | { append: number };

export async function startHub(files: Record<string, Uint8Array>): Promise<TestHub> {
  const server: Server = createServer((request, response) => serve(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hub: TestHub = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(Object.entries(files)),
    requests: [],
    failures: [],
    revisions: new Map([['main', COMMIT]]),
    ranges: true,
    version: '1',
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    }
  };
  return hub;
}

function serve(hub: TestHub, request: IncomingMessage, response: ServerResponse): void {
  const url = decodeURIComponent(request.url ?? '');
  if (url.startsWith('/api/models/')) return serveListing(hub, url, response);
  const path = url.replace(new RegExp(`^/${MODEL}/resolve/[0-9a-f]{40}/`), '');
  const file = hub.files.get(path);
  hub.requests.push({ path, range: request.headers.range });
  if (!file) return void response.writeHead(404).end();
  const failure = hub.failures.shift();
  if (failure && 'status' in failure) return void response.writeHead(failure.status).end();
  serveFile(hub, file, request.headers.range, failure, response);
}

function serveListing(hub: TestHub, url: string, response: ServerResponse): void {
  const revision = new RegExp(`^/api/models/${MODEL}/revision/([^?]+)`).exec(url)?.[1] ?? '';
  const sha = hub.revisions.get(revision);
  if (hub.refusal || sha === undefined) {
    const { status, code } = hub.refusal ?? { status: 401, code: 'RepoNotFound' };
    return void response.writeHead(status, code ? { 'x-error-code': code } : {}).end();
  }
  const siblings = [...hub.files].map(([rfilename, bytes]) => ({
    rfilename,
    size: bytes.length,
    ...(/\.(safetensors|gguf)$/.test(rfilename) && {
      lfs: { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    })
  }));
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(
      JSON.stringify({ sha, siblings, ...(hub.architecture && { gguf: { architecture: hub.architecture } }) })
    );
}

function serveFile(
  hub: TestHub,
  file: Uint8Array,
  range: string | undefined,
  failure: Failure | undefined,
  response: ServerResponse
): void {
  const start = hub.ranges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
  let body = file.slice(start);
  if (failure && 'corrupt' in failure) body[0] ^= 255;
  if (failure && 'append' in failure) body = Uint8Array.from([...body, ...new Uint8Array(failure.append)]);
  response.writeHead(start > 0 ? 206 : 200, {
    etag: `"${file.length}-${hub.version}"`,
    ...(start > 0 && { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` }),
    'content-length': body.length
  });
  if (!failure || !('after' in failure)) return void response.end(body);
  response.write(body.subarray(0, failure.after), () => response.destroy());
}

/**
 * An identifier as it fits into a line: its beginning and its end, which is what people compare. Works for a
 * `did:key:…`, a CID and a Merkle root alike; what is short stays whole.
 */
export function shortId(id: string): string {
  const scheme = /^(did:key:|0x)/.exec(id)?.[0] ?? '';
  const rest = id.slice(scheme.length);
  return rest.length <= 14 ? id : `${scheme}${rest.slice(0, 6)}…${rest.slice(-6)}`;
}

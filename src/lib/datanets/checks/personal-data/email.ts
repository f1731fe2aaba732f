import type { TextFinding } from '../check';

/** What may stand before the @ (RFC 5322's atext and dots), and the longest it may be (RFC 5321, 4.5.3.1.1). */
const LOCAL = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const MAX_LOCAL = 64;

/** A name of the DNS of at least two labels, the last of letters (or an encoded one), as the text goes on after an @. */
const DOMAIN =
  /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|\p{L}{2,24})(?![\p{L}\p{N}_-]|\.?@)/uy;

/** Ends of file names that come behind an @ in `logo@2x.png`. */
const FILE_ENDINGS = new Set([
  'png',
  'jpg',
  'jpeg',
  'gif',
  'svg',
  'webp',
  'avif',
  'js',
  'ts',
  'css',
  'json',
  'html'
]);

/** Accounts of version control in `git@host.org:path`, which belong to nobody. */
const SSH_ACCOUNT = /^(?:git|hg|svn)$/i;

/**
 * E-mail addresses: from each @, as far to the left as an account's name may go and to the right as a domain may. So
 * the work is bounded whatever the text, and lists, brackets and full stops around an address stay outside.
 */
export function findEmails(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  let after = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, at, after);
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text)?.[0];
    if (start === at || !domain || !isPersonal(text, start, at, domain)) continue;
    after = at + 1 + domain.length;
    found.push({
      start,
      end: after,
      severity: 'warning',
      kind: 'email',
      message: 'An e-mail address.',
      mask: '[e-mail]'
    });
  }
  return found;
}

function localStart(text: string, at: number, bound: number): number {
  let start = at;
  while (start > bound && at - start < MAX_LOCAL && LOCAL.test(text[start - 1])) start -= 1;
  // Quotes, slashes and dots before a name are of the sentence: 'ann@… /ann@… ...ann@…
  while (start < at && !/[\p{L}\p{N}_]/u.test(text[start])) start += 1;
  // `to=ann@…`, `mail=ann@…`, `a/b/ann@…`: what is before the last of these is no name.
  const local = text.slice(start, at);
  return start + 1 + Math.max(local.lastIndexOf('='), local.lastIndexOf('/'), local.lastIndexOf('|'));
}

function isPersonal(text: string, start: number, at: number, domain: string): boolean {
  const local = text.slice(start, at);
  if (local.endsWith('.') || local.includes('..')) return false;
  const end = at + 1 + domain.length;
  // A name or password in an address, `https://user:word@host.org`: the check of secrets tells.
  if (/:\/\/[^\s/]{0,200}$/.test(text.slice(Math.max(0, start - 210), start))) return false;
  if (SSH_ACCOUNT.test(local) && /^[:/]/.test(text.slice(end, end + 1))) return false;
  return !FILE_ENDINGS.has(domain.slice(domain.lastIndexOf('.') + 1).toLowerCase());
}

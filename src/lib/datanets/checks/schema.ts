import type { Finding, Severity } from './finding';
import type { RowCheck } from './check';
import { textsOf } from './texts';

/** Roles that chat templates know. */
const KNOWN_ROLES = new Set(['system', 'user', 'assistant', 'tool']);

/** Whether a row is one that can be trained on: turns in their order, an answer to learn from, whole characters. */
export const checkSchema: RowCheck = ({ key, row }) => {
  const findings: Finding[] = [];
  const tell = (severity: Severity, kind: string, message: string, at?: { field: string; length: number }) =>
    findings.push({
      check: 'schema',
      severity,
      row: key,
      kind,
      message,
      ...(at && { span: { field: at.field, start: 0, end: at.length } })
    });
  for (const { field, text } of textsOf(row)) {
    if (!text.isWellFormed()) {
      tell('error', 'ill-formed', 'The text holds half a character (a lone surrogate): it is not Unicode.', {
        field,
        length: text.length
      });
    }
  }
  if (!('messages' in row)) return findings;
  const roles = row.messages.map(({ role }) => role);
  if (!roles.includes('assistant')) {
    tell('error', 'no-answer', 'There is no turn of the assistant, so there is nothing to learn.');
  }
  for (const [i, role] of roles.entries()) {
    const at = { field: `messages.${i}.content`, length: row.messages[i].content.length };
    const before = roles[i - 1];
    if (!KNOWN_ROLES.has(role)) {
      tell('warning', 'unknown-role', `Turn ${i + 1} has a role that most chat templates do not know.`, at);
    } else if (role === 'system' && i > 0) {
      tell(
        'warning',
        'role-order',
        `Turn ${i + 1} is the system's, which many chat templates allow first only.`,
        at
      );
    } else if (role === 'assistant' && (before === undefined || before === 'system')) {
      tell('warning', 'role-order', `Turn ${i + 1} is an answer, and nobody asked before it.`, at);
    } else if (role === before && role !== 'tool') {
      tell('warning', 'role-order', `Turns ${i} and ${i + 1} are both of the role "${role}".`, at);
    }
  }
  if (roles.includes('assistant') && roles.at(-1) === 'user') {
    tell('warning', 'no-last-answer', 'The last turn is a question without an answer: it teaches nothing.');
  }
  return findings;
};

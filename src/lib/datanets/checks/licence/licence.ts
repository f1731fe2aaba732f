import type { DatanetRow, Licence } from '../../datanet';
import type { Policy } from '../../policy/policy';
import type { RowCheck } from '../check';
import type { Finding, Severity } from '../finding';
import { licenceChoices } from './expression';
import { termsOf } from './terms';

/** What rows are to be fit for. */
export interface LicenceTarget {
  licence: Licence;
  policy?: Policy;
}

/** Something that a licence of rows does not fit. */
export interface LicenceConflict {
  severity: Severity;
  kind: string;
  message: string;
}

/**
 * What stands against rows under `licence` in a Datanet under `target`: terms that the Datanet's licence or policy does
 * not keep. Of a choice (`OR`) the one with the least against it counts. Empty where nothing does.
 */
export function licenceConflicts(licence: string, target: LicenceTarget): LicenceConflict[] {
  const choices = licenceChoices(licence);
  if (!choices) {
    return [
      {
        severity: 'error',
        kind: 'no-expression',
        message: `"${shown(licence)}" is not an SPDX licence expression.`
      }
    ];
  }
  const against = choices.map((ids) => ids.flatMap((id) => conflictsOf(id, target)));
  return against.reduce((best, other) => (weight(other) < weight(best) ? other : best));
}

/** Rows whose own licence, or that of the contribution they came with, does not fit the Datanet. */
export function checkLicence(
  target: LicenceTarget,
  contributions: ReadonlyMap<string, Licence> = new Map()
): RowCheck {
  // Many rows, few licences.
  const known = new Map<string, LicenceConflict[]>();
  return ({ key, row }) => {
    const { licence, contribution } = row as Partial<DatanetRow>;
    const own = licence ?? (contribution === undefined ? undefined : contributions.get(contribution)?.spdx);
    if (own === undefined || own === target.licence.spdx) return [];
    let conflicts = known.get(own);
    if (!conflicts) known.set(own, (conflicts = licenceConflicts(own, target)));
    return conflicts.map((conflict): Finding => ({ check: 'licence', row: key, ...conflict }));
  };
}

function conflictsOf(id: string, { licence, policy }: LicenceTarget): LicenceConflict[] {
  if (id.startsWith('LicenseRef-') || id.startsWith('DocumentRef-')) {
    return [
      {
        severity: 'note',
        kind: 'own-terms',
        message: `"${shown(id)}" are terms of their own: read whether they allow this.`
      }
    ];
  }
  const terms = termsOf(id);
  if (!terms) {
    return [
      {
        severity: 'note',
        kind: 'unknown-terms',
        message: `Nothing is known here of ${shown(id)}: read whether it allows this.`
      }
    ];
  }
  const targets = licenceChoices(licence.spdx);
  // Whoever receives the Datanet may take any of its choices: each must keep the terms.
  const all = targets?.map((ids) => ids.map((target) => ({ id: target, terms: termsOf(target) })));
  const some = (breaks: (target: { id: string; terms: ReturnType<typeof termsOf> }) => boolean) =>
    all?.some((ids) => ids.every(breaks)) ?? false;
  const conflicts: LicenceConflict[] = [];
  const add = (severity: Severity, kind: string, message: string) =>
    conflicts.push({ severity, kind, message });
  if (terms.nonCommercial && some((target) => target.terms !== undefined && !target.terms.nonCommercial)) {
    add('error', 'non-commercial', `${id} forbids commercial use, and ${shown(licence.spdx)} allows it.`);
  }
  if (terms.noDerivatives) {
    const allowed = policy?.training.rule !== 'forbidden';
    add(
      allowed ? 'error' : 'warning',
      'no-derivatives',
      allowed
        ? `${id} forbids changed copies, and the policy lets rows be trained on, which may make such.`
        : `${id} forbids changed copies: rows of it can be neither cut nor masked.`
    );
  }
  if (terms.shareAlike && !isWithdrawn(policy) && some((target) => !keeps(id, terms.into, target.id))) {
    add(
      'error',
      'share-alike',
      `${id} asks that the whole keeps its licence, and the Datanet is under ${shown(licence.spdx)}.`
    );
  }
  if (terms.attribution && some((target) => target.terms !== undefined && !target.terms.attribution)) {
    add('warning', 'attribution', `${id} asks that authors are named, and ${shown(licence.spdx)} does not.`);
  }
  return conflicts;
}

/** Share-alike binds what is passed on. What is kept is not bound. */
function isWithdrawn(policy: Policy | undefined): boolean {
  return policy?.redistribution.rule === 'forbidden';
}

/** Whether share-alike material under `id` may go into a whole under `target`. */
function keeps(id: string, into: readonly string[], target: string): boolean {
  if (plain(id) === plain(target)) return true;
  // Terms of one's own may say so; somebody has to read them.
  return target.startsWith('LicenseRef-') || into.some((prefix) => target.startsWith(prefix));
}

/** `GPL-3.0-only`, `GPL-3.0+` and `GPL-3.0` by their common name. */
function plain(id: string): string {
  return id.replace(/(?:-only|-or-later|\+)$/, '').toLowerCase();
}

const WEIGHTS: Record<Severity, number> = { error: 100, warning: 10, note: 1 };

function weight(conflicts: readonly LicenceConflict[]): number {
  return conflicts.reduce((sum, { severity }) => sum + WEIGHTS[severity], 0);
}

/** Somebody's text, short enough for a sentence. */
function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

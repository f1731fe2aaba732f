import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { Licence } from '$lib/datanets/datanet';
import { USES, type Policy, type Use } from '$lib/datanets/policy/policy';

interface KeptForm {
  source: string;
  spdx: string;
  evidence: string;
  /** Where the rows have stricter rules than the Datanet. */
  policy?: Policy;
}

/** What a contributor says of the rows before handing them in. Kept through reloads until it is signed. */
export class HandInForm {
  source = $state('');
  spdx = $state('');
  evidence = $state('');
  policy = $state.raw<Policy>();
  readonly #storage: Storage;
  readonly #name: string;
  readonly #licence: Licence;

  /** @param licence the Datanet's own, which the contributor's is at first */
  constructor(storage: Storage, id: string, licence: Licence) {
    this.#storage = storage;
    this.#name = `hand-in.${id}`;
    this.#licence = licence;
    const kept = readSetting(storage, this.#name, isKept);
    this.source = kept?.source ?? '';
    this.spdx = kept?.spdx ?? licence.spdx;
    this.evidence = kept?.evidence ?? '';
    this.policy = kept?.policy;
  }

  /** Why it cannot be signed yet, in words; undefined where it can. */
  readonly obstacle = $derived.by(() => {
    if (!this.source.trim()) return 'Say where the rows come from.';
    if (!this.spdx.trim()) return 'Say under which licence the rows are.';
    return undefined;
  });

  /** The licence as it is signed. */
  get licence(): Licence {
    const evidence = this.evidence.trim();
    return { spdx: this.spdx.trim(), ...(evidence && { evidence }) };
  }

  keep(): void {
    const { source, spdx, evidence, policy } = this;
    const kept: KeptForm = { source, spdx, evidence, ...(policy && { policy }) };
    writeSetting(this.#storage, this.#name, kept);
  }

  /** It was signed: the next rows may come from elsewhere. */
  clear(): void {
    this.source = '';
    this.spdx = this.#licence.spdx;
    this.evidence = '';
    this.policy = undefined;
    writeSetting(this.#storage, this.#name, null);
  }
}

function isKept(value: unknown): value is KeptForm {
  if (typeof value !== 'object' || value === null) return false;
  const { source, spdx, evidence, policy } = value as Partial<Record<keyof KeptForm, unknown>>;
  return (
    [source, spdx, evidence].every((text) => typeof text === 'string') &&
    (policy === undefined || isPolicy(policy))
  );
}

function isPolicy(value: unknown): value is Policy {
  return (
    typeof value === 'object' &&
    value !== null &&
    USES.every((use) => {
      const rule = (value as Partial<Record<Use, { rule?: unknown }>>)[use]?.rule;
      return rule === 'allowed' || rule === 'forbidden' || rule === 'conditions';
    })
  );
}

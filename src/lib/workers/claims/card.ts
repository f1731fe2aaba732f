/** The model card of an adapter of this browser, with what was measured and signed of it. */
import type { AttributionReceipt } from '../../datanets/trust/claims';
import { writeModelCard, type ModelCard } from '../../formats/model-card';
import type { Adapter } from '../../formats/peft';
import type { RunRecord } from '../../datanets/store/schema';
import type { Store } from '../../datanets/store/store';
import type { Signed } from '../../datanets/trust/statements';
import type { RunRecord as RunRecordFile } from '../../jobs/run-record';
import { runCard, type RunCardParts } from '../../jobs/run-card';
import type { VersionUse } from '../../jobs/training-data';
import type { Attribution } from '../attribution/protocol';
import { inheritedOf, runJson, versionsOf } from '../run-facts';
import { WHOLE } from './millionths';

export interface CardSubject {
  name: string;
  adapter: Adapter;
  sha256: string;
  run: RunRecord | undefined;
  /** Claims that go with it, by the name of their file. */
  claims: readonly { file: string; signed: Signed }[];
}

/** Text of README.md. */
export async function cardOf(
  store: Store,
  { name, adapter, sha256, run, claims }: CardSubject
): Promise<string> {
  const receipt = claims
    .map(({ signed }) => signed.statement)
    .find((each) => each.kind === 'attribution-receipt');
  const attribution = run && (await store.attribution.result<Attribution>(run.id));
  // What was signed is what goes with it, also where it was measured again since.
  const measured = receipt ? signedOf(receipt) : attribution && measuredOf(attribution);
  return writeModelCard(
    runCard({
      ...{ name, config: adapter.config, sha256 },
      ...(run ? { run: runJson(run) as Partial<RunRecordFile>, people: await peopleOf(store, run) } : {}),
      ...(measured ? { measured } : {}),
      claims: claims.map(({ file, signed }): ModelCard['claims'][number] => ({
        file,
        says: signed.statement.kind === 'run-manifest' ? 'how it was made' : 'whose rows made it',
        signer: signed.statement.by.name
      }))
    })
  );
}

/** As the versions name them that are still here. */
async function peopleOf(store: Store, run: RunRecord): Promise<{ id: string; name: string }[]> {
  const uses: VersionUse[] = [...versionsOf(run), ...inheritedOf(run)];
  const versions = await Promise.all(uses.map(({ version }) => store.versions.find(version)));
  return versions.flatMap((version) => version?.signed.statement.contributors ?? []);
}

type Measured = NonNullable<RunCardParts['measured']>;

function signedOf({ shares, method, trust }: AttributionReceipt): Measured {
  const { lds, leaveOneOut, agreement } = trust;
  return {
    contributors: shares.map(({ id, name, rows, share, low, high }) => ({
      ...{ id, name, rows },
      share: { value: share / WHOLE, low: low / WHOLE, high: high / WHOLE }
    })),
    measuring: {
      ...{ estimator: method.estimator, moments: method.moments, questions: method.questions.count },
      agreement: Object.entries(agreement).map(([estimator, value]) => ({
        ...{ estimator, correlation: value / 1000 }
      })),
      ...(lds ? { lds: { score: lds.score / 1000, models: lds.models } } : {}),
      ...(leaveOneOut ? { leaveOneOut: { ...leaveOneOut, correlation: leaveOneOut.correlation / 1000 } } : {})
    }
  };
}

function measuredOf(attribution: Attribution): Measured {
  const { contributors, estimator, moments, questions, estimators, retraining } = attribution;
  const scores = retraining?.scores.find(({ name }) => name === estimator);
  return {
    contributors: contributors.map(({ id, name, rows, share, low, high }) => ({
      ...{ id, name, rows },
      share: { value: share, low, high }
    })),
    measuring: {
      ...{ estimator, moments: moments.map(({ step }) => step), questions: questions.count },
      agreement: estimators
        .filter(({ name, agreement }) => name !== estimator && Number.isFinite(agreement))
        .map(({ name, agreement }) => ({ estimator: name, correlation: agreement })),
      ...(retraining && scores?.lds !== undefined
        ? { lds: { score: scores.lds, models: retraining.models } }
        : {}),
      ...(retraining && scores?.leaveOneOut !== undefined
        ? { leaveOneOut: { correlation: scores.leaveOneOut, contributors: retraining.leaveOneOut.length } }
        : {})
    }
  };
}

/** The model card of an adapter, from the record of the run that made it. */
import type { AdapterConfig } from '../formats/peft';
import type {
  CardContributor,
  CardData,
  CardMeasuring,
  CardTraining,
  ModelCard
} from '../formats/model-card';
import { parameterSpecs } from './options';
import type { RunRecord } from './run-record';
import type { ContributorRows, VersionUse } from './training-data';

export interface RunCardParts {
  /** What the person calls the adapter. */
  name: string;
  config: AdapterConfig;
  /** Of `adapter_model.safetensors`, in hexadecimal. */
  sha256: string;
  /** The object of run.json; absent for an adapter from elsewhere, and partly so for a run that was cut off. */
  run?: Partial<RunRecord>;
  /** Who contributors are, as far as it is known. */
  people?: readonly Pick<ContributorRows, 'id' | 'name'>[];
  /** Shares, where they were measured. */
  measured?: { contributors: readonly Omit<CardContributor, 'mustBeNamed'>[]; measuring: CardMeasuring };
  claims?: ModelCard['claims'];
}

export function runCard({
  name,
  config,
  sha256,
  run = {},
  people = [],
  measured,
  claims = []
}: RunCardParts): ModelCard {
  const used = run.datanets ?? [];
  const inherited = run.inherited ?? [];
  return {
    ...{ name, sha256, claims },
    base: {
      name: run.config?.model ?? config.baseModel,
      ...(run.sha256 ? { sha256: run.sha256.base } : {})
    },
    lora: { rank: config.rank, alpha: config.alpha, targets: config.targetModules, rsLora: config.rsLora },
    data: [...used.map((use) => dataOf(use, false)), ...inherited.map((use) => dataOf(use, true))].filter(
      (each) => each.rows + each.heldOut > 0
    ),
    contributors: contributorsOf([...used, ...inherited], people, measured?.contributors ?? []),
    ...trainingOf(run),
    ...(run.heldOut ? { heldOut: run.heldOut } : {}),
    ...(measured ? { measuring: measured.measuring } : {})
  };
}

function dataOf(use: VersionUse, inherited: boolean): CardData {
  const { datanet, name, number, version, root, rows, heldOut, licence, language } = use;
  return {
    ...{ datanet, name, number, version, root, rows, heldOut, inherited },
    ...(licence ? { licence: licence.spdx } : {}),
    ...(language === undefined ? {} : { language })
  };
}

/** Whoever has a share, then whoever has rows, then whoever has to be named for other reasons; each once. */
function contributorsOf(
  uses: readonly VersionUse[],
  people: readonly Pick<ContributorRows, 'id' | 'name'>[],
  measured: readonly Omit<CardContributor, 'mustBeNamed'>[]
): CardContributor[] {
  const duties = new Map(uses.flatMap(({ attribution }) => attribution.map(({ id, name }) => [id, name])));
  const names = new Map([...duties, ...people.map(({ id, name }) => [id, name] as const)]);
  const rows = new Map<string, number>();
  for (const { contributors } of uses) {
    for (const [id, count] of Object.entries(contributors)) rows.set(id, (rows.get(id) ?? 0) + count);
  }
  const found = new Map<string, CardContributor>();
  for (const each of measured) found.set(each.id, { ...each, mustBeNamed: duties.has(each.id) });
  for (const id of [...rows.keys(), ...duties.keys()]) {
    if (found.has(id)) continue;
    const count = rows.get(id);
    found.set(id, {
      ...{ id, name: names.get(id) ?? '', mustBeNamed: duties.has(id) },
      ...(count === undefined ? {} : { rows: count })
    });
  }
  return [...found.values()];
}

function trainingOf({ config, sha256, steps, device, software, status }: Partial<RunRecord>): {
  training?: CardTraining;
} {
  if (!config || !sha256 || !steps) return {};
  const options = Object.fromEntries(
    parameterSpecs.flatMap(({ name }) => (config[name] === undefined ? [] : [[name, config[name]]]))
  );
  return {
    training: {
      ...{ rows: config.rows, rowsSha256: sha256.data, steps: steps.length, options },
      ...{ stopped: status !== 'done', device: device?.name ?? '', software: software ?? 'tabtune' }
    }
  };
}

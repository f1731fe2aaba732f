import { placingOf, type PeftConfig, type Placing } from './peft-config';
import { InvalidAdapterError, missingTensor, wrongShape } from './peft-errors';
import { MODULES, PREFIX, TARGET_MODULES } from './peft-names';
import { matchPattern } from './peft-patterns';

/**
 * Which modules an adapter sits on, with which rank and scale: PEFT lets every module have its own. The engine has one
 * rank and one scale for all, so others are brought to it without changing what the adapter does.
 */

/** PEFT key to matrix: lora_A [rank, in], lora_B [out, rank], row-major. */
export type AdapterTensors = Map<string, { shape: [number, number]; data: Float32Array }>;

/** An adapter's scale: what B · A is multiplied by. */
function scaleOf(rank: number, alpha: number, rsLora: boolean): number {
  return alpha / (rsLora ? Math.sqrt(rank) : rank);
}

/**
 * Gives all modules one rank and one scale, with the same result: smaller ranks get rows and columns of zeros, which stay
 * zero in training, and what a module's scale has over the others' goes into its B.
 * @param tensors changed in place
 * @param ranks by module path
 */
export function makeUniform(
  tensors: AdapterTensors,
  ranks: ReadonlyMap<string, number>,
  peft: PeftConfig,
  file: string
): { rank: number; alpha: number } {
  const { use_rslora: rsLora, lora_alpha: alpha } = peft;
  const rank = Math.max(...ranks.values());
  const common = scaleOf(peft.r, alpha, rsLora);
  for (const [path, own] of ranks) {
    const ownAlpha = matchPattern(peft.alpha_pattern, `model.${path}`, file) ?? alpha;
    const factor = scaleOf(own, ownAlpha, rsLora) / common;
    if (own === rank && factor === 1) continue;
    const [a, b] = [`${PREFIX}${path}.lora_A.weight`, `${PREFIX}${path}.lora_B.weight`];
    const [wide, tall] = [tensors.get(a)!, tensors.get(b)!];
    const columns = wide.shape[1];
    const rows = tall.shape[0];
    const wider = new Float32Array(rank * columns);
    wider.set(wide.data);
    const taller = new Float32Array(rows * rank);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < own; i++) taller[row * rank + i] = tall.data[row * own + i] * factor;
    tensors.set(a, { shape: [rank, columns], data: wider });
    tensors.set(b, { shape: [rows, rank], data: taller });
  }
  return { rank, alpha: rank === peft.r ? alpha : common * (rsLora ? Math.sqrt(rank) : rank) };
}

/** A module's rank is the one configured, or one that rank_pattern gives it. */
export function checkRanks(
  tensors: AdapterTensors,
  ranks: ReadonlyMap<string, number>,
  peft: PeftConfig,
  file: string
): void {
  for (const [path, rank] of ranks) {
    const expected = matchPattern(peft.rank_pattern, `model.${path}`, file) ?? peft.r;
    if (rank === expected) continue;
    const key = `${PREFIX}${path}.lora_A.weight`;
    throw wrongShape(key, file, tensors.get(key)!.shape, `[${expected}, in]`);
  }
}

/**
 * Compares the modules that have tensors with those that the configuration names, as far as it does: a pattern and
 * `all-linear` mean whatever the tensors sit on.
 */
export function checkPlacing(
  paths: readonly string[],
  peft: PeftConfig,
  configFile: string,
  weightFile: string
): Placing {
  const moduleOf = (path: string) => path.slice(path.lastIndexOf('.') + 1);
  const layerOf = (path: string) => Number(path.split('.')[1]);
  const used = new Set(paths.map(moduleOf));
  const targetModules = TARGET_MODULES.filter((module) => used.has(module));
  const targets = Array.isArray(peft.target_modules) ? peft.target_modules : undefined;
  const stated = targets && placingOf(targets, TARGET_MODULES);
  const transformed = peft.layers_to_transform == null ? undefined : [peft.layers_to_transform].flat();
  const stray = paths.find(
    (path) =>
      (transformed && !transformed.includes(layerOf(path))) ||
      (targets && !targets.some((target) => `.model.${path}`.endsWith(`.${target}`)))
  );
  if (stray !== undefined) {
    throw new InvalidAdapterError(
      `${weightFile} has tensors for ${stray}, which ${configFile} does not name (target_modules, layers_to_transform). The two files belong to different adapters.`,
      { details: { file: weightFile, module: stray } }
    );
  }
  const layers = transformed ?? Array.from({ length: Math.max(...paths.map(layerOf)) + 1 }, (_, i) => i);
  const mixed = targets?.some((target) => target.includes('layers.')) === true && stated?.only === undefined;
  const free =
    mixed ||
    peft.exclude_modules != null ||
    (typeof peft.target_modules === 'string' && peft.target_modules !== 'all-linear');
  const wanted = stated?.only
    ? stated.only
    : layers.flatMap((layer) =>
        targetModules.map((module) => `layers.${layer}.${MODULES[module]}.${module}`)
      );
  const missing = free ? undefined : wanted.find((path) => !paths.includes(path));
  if (missing !== undefined) throw missingTensor(`${PREFIX}${missing}.lora_A.weight`, weightFile);
  return free || transformed || stated?.only ? { targetModules, only: paths } : { targetModules };
}

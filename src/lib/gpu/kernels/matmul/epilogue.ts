import type { Binding, Params } from '../../plan/kernel';
import { unroll, xyzw } from '../unroll';
import { groupsAreWide } from './columns';
import type { MatmulArgs, MatmulText } from './types';

export function epilogueBindings(args: MatmulText): Binding[] {
  const { epilogue, out } = args;
  const element = (dtype: string) => (groupsAreWide(args) ? `vec4<${dtype}>` : dtype);
  const bound = (name: string, tensor: typeof out, access: Binding['access']): Binding => ({
    name,
    tensor,
    access,
    element: element(tensor.dtype)
  });
  switch (epilogue.kind) {
    case 'store':
      return [bound('out', out, 'write')];
    case 'accumulate':
      return [bound('out', out, 'read_write')];
    case 'residual':
      return [bound('residual', epilogue.residual, 'read'), bound('out', out, 'write')];
    case 'rope':
      return [
        { name: 'rope', tensor: epilogue.rope, access: 'read', element: 'vec2<f32>' },
        bound('out', out, 'write')
      ];
    case 'swiglu':
      return [
        ...(epilogue.gateUp ? [bound('gate_up', epilogue.gateUp, 'write')] : []),
        bound('out', out, 'write')
      ];
    case 'swiglu-backward':
      return epilogue.gateUp === out
        ? [bound('gate_up', out, 'read_write')]
        : [bound('gate_up', epilogue.gateUp, 'read'), bound('out', out, 'write')];
  }
}

export function epilogueParams(args: MatmulArgs): Params {
  const { lora } = args;
  if (!lora) return {};
  return {
    rank: { u32: lora.rank },
    projected_stride: { u32: lora.stride ?? lora.rank * lora.parts },
    projected_column: { u32: lora.column ?? 0 },
    projected_columns: { u32: lora.rank * lora.parts },
    lora_scale: { f32: lora.scale },
    ...(lora.dropout ? { dropout_stream: { u32: lora.dropout.stream } } : {})
  };
}

/** WGSL of the number of rows that count. */
export function liveRows(args: MatmulArgs): string {
  if (args.live === 'tokens') return 'min(step.tokens, params.rows)';
  if (args.live === 'all') return 'params.rows';
  return 'min(max(step.trained, params.first_trained) - params.first_trained, params.rows)';
}

/**
 * WGSL that finishes rows `row0..` with accumulators `a{i}_0` and `a{i}_1` (low and high group) and stores them.
 * Sees what {@link columnText} declared, and `live`. `more` may add to `results` first.
 *
 * The rows are a loop over a copy of the accumulators, not unrolled: the code is an eighth, and compile time on
 * SwiftShader grows faster than code does (a SwiGLU epilogue of eight rows took seconds).
 */
export function epilogueText(args: MatmulText, tileRows: number, more = ''): string {
  const accumulators = unroll(tileRows, (i) => `a${i}_0, a${i}_1`, ', ');
  return /* wgsl */ `
var results = array<vec4f, ${2 * tileRows}>(${accumulators});
${more}
for (var i = 0u; i < min(live - min(row0, live), ${tileRows}u); i++) {
  let row = row0 + i;
  var low = results[2u * i]; var high = results[2u * i + 1u];
${args.bias ? biasText() : ''}
${finish(args, 'row', groupsAreWide(args))}
}`;
}

function biasText(): string {
  const group = (from: number) =>
    `vec4f(${[0, 1, 2, 3].map((e) => `bias[select(0u, column${from + e}, valid${from + e})]`).join(', ')})`;
  return `low += ${group(0)}; high += ${group(4)};`;
}

function finish(args: MatmulText, row: string, wide: boolean): string {
  const { epilogue } = args;
  const out = { name: 'out', dtype: args.out.dtype, wide };
  const at = `let at = (${row} + params.out_row) * params.out_stride + params.out_column;`;
  const both = (value: (group: string) => string, low = 'at', high = 'at') =>
    `${store(out, low, 0, value('low'))}\n${store(out, high, 4, value('high'))}`;
  switch (epilogue.kind) {
    case 'store':
      return `${at}\n${both((g) => g)}`;
    case 'accumulate':
      return `${at}\nlow += ${load(out, 'at', 0)}; high += ${load(out, 'at', 4)};\n${both((g) => g)}`;
    case 'residual': {
      const residual = { name: 'residual', dtype: epilogue.residual.dtype, wide };
      return `${at}\nlow += ${load(residual, 'at', 0)}; high += ${load(residual, 'at', 4)};\n${both((g) => g)}`;
    }
    case 'rope': {
      const half = epilogue.headDim / 2;
      const angle = (e: number) => `rope[${row} * ${half}u + local${e} % ${half}u]`;
      return /* wgsl */ `${at}
  if (rotated) {
${unroll(4, (e) => `    let r${e} = ${angle(e)};`)}
    let cosine = vec4f(r0.x, r1.x, r2.x, r3.x); let sine = vec4f(r0.y, r1.y, r2.y, r3.y);
    let turned = low * cosine - high * sine;
    high = high * cosine + low * sine;
    low = turned;
  }
${both((g) => g)}`;
    }
    case 'swiglu': {
      const gateUp = epilogue.gateUp && { name: 'gate_up', dtype: epilogue.gateUp.dtype, wide };
      return /* wgsl */ `${at}
  ${gateUp ? `let pair = ${row} * params.columns * 2u;\n${store(gateUp, 'pair', 0, 'low')}\n${store(gateUp, 'pair', 4, 'high')}` : ''}
  ${store(out, 'at', 0, 'low / (1.0 + exp(-low)) * high')}`;
    }
    case 'swiglu-backward': {
      const gateUp = { name: 'gate_up', dtype: epilogue.gateUp.dtype, wide };
      const target = epilogue.gateUp === args.out ? gateUp : out;
      const one = (group: string, from: number) => /* wgsl */ `{
    let gate = ${load(gateUp, 'at', from)}; let up = ${load(gateUp, 'at + params.columns', from)};
    let sigmoid = 1.0 / (1.0 + exp(-gate));
    ${store(target, 'at', from, `${group} * up * sigmoid * (1.0 + gate * (1.0 - sigmoid))`)}
    ${store(target, 'at + params.columns', from, `${group} * gate * sigmoid`)}
  }`;
      return `let at = ${row} * params.columns * 2u;\n${one('low', 0)}\n${one('high', 4)}`;
    }
  }
}

interface Target {
  readonly name: string;
  readonly dtype: string;
  readonly wide: boolean;
}

/** Stores a vec4 expression at `base + column{from..from+3}`, where valid. */
function store(target: Target, base: string, from: number, value: string): string {
  const cast = target.dtype === 'f16';
  if (target.wide) {
    const stored = cast ? `vec4<f16>(${value})` : value;
    return `if (valid${from}) { ${target.name}[(${base} + column${from}) >> 2u] = ${stored}; }`;
  }
  const lines = xyzw.map(
    (c, e) =>
      `if (valid${from + e}) { ${target.name}[${base} + column${from + e}] = ${cast ? `f16(value.${c})` : `value.${c}`}; }`
  );
  return `{ let value = ${value};\n${lines.join('\n')} }`;
}

function load(target: Target, base: string, from: number): string {
  if (target.wide) return `vec4f(${target.name}[(${base} + select(0u, column${from}, valid${from})) >> 2u])`;
  return `vec4f(${[0, 1, 2, 3].map((e) => `f32(${target.name}[${base} + select(0u, column${from + e}, valid${from + e})])`).join(', ')})`;
}

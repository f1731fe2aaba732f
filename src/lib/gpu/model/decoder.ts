import {
  attentionBackwardKeyValue,
  attentionBackwardQuery,
  attentionForward
} from '../kernels/attention/attention';
import { project } from '../kernels/lora/project';
import { matmul } from '../kernels/matmul/matmul';
import type { WeightMatrix } from '../kernels/matmul/weight';
import { dequantizeNf4 } from '../kernels/nf4/dequantize';
import { transient, type Tensor } from '../plan/tensor';
import { layerValues, scratchMatrices, type BaseModel } from './base';
import { windowOfLayer } from './config';
import { LoraWiring, type LoraContext } from './lora-wiring';
import { qkvWidth } from './shapes';
import type { Group } from './weights';

/** What a decoder is recorded with. All token-shaped tensors are flat [tokens, width]. */
export interface DecoderContext extends LoraContext {
  readonly base: BaseModel;
  /** Storage of activations inside a layer; the residual stream and all gradients are f32. */
  readonly activations: 'f32' | 'f16';
  /** Dequantise a layer's weights to f32 once per pass instead of inside each tile: what software adapters prefer. */
  readonly scratch: boolean;
  /** u32 [tokens, 2] first row and end of each token's sequence; f32 [tokens, headDim / 2, 2] rotation. */
  readonly spans: Tensor;
  readonly rope: Tensor;
  /** Key-value cache of each layer, in generation. */
  readonly caches?: {
    readonly layers: readonly Tensor[];
    readonly rows: number;
    append(layer: number, qkv: Tensor): void;
  };
}

/** What the backward pass of a layer reads. */
export interface LayerActivations {
  readonly x: Tensor;
  /** Inputs projected on A, all groups side by side: f32 [tokens, projectedWidth]. Absent without an adapter. */
  readonly projected?: Tensor;
  readonly h1: Tensor;
  readonly qkv: Tensor;
  readonly attended: Tensor;
  readonly lse?: Tensor;
  readonly x2: Tensor;
  readonly h2: Tensor;
  readonly gateUp?: Tensor;
  readonly h: Tensor;
}

/** Records the forward and backward passes of decoder layers. Explicit: each op's backward is written out here. */
export class DecoderRecorder {
  readonly #c: DecoderContext;
  /** What the layers have to do with the adapter. */
  readonly lora: LoraWiring;

  constructor(context: DecoderContext) {
    this.#c = context;
    this.lora = new LoraWiring(context);
  }

  /** The layer's matrices, dequantised into scratch where that is the plan's way. */
  weights(layer: number): LayerMatrices {
    const { base, plan, scratch, style } = this.#c;
    const weights = base.layers[layer];
    if (!scratch || !weights.nf4) return weights.matrices;
    const out = transient(`layer ${layer} scratch`, layerValues(base.config));
    plan.add(dequantizeNf4({ ...weights.nf4, out, style }));
    return scratchMatrices(weights, out);
  }

  /**
   * One layer: x + attention(norm(x)), then that + mlp(norm(that)).
   * @param mode `infer` keeps nothing for a backward pass; `keep` keeps all; `recompute` makes what `keep` keeps again,
   *   from x and the projections, and stops before the last product.
   */
  forward(
    layer: number,
    x: Tensor,
    weights: LayerMatrices,
    mode: 'infer' | 'keep' | 'recompute',
    projected?: Tensor
  ): LayerActivations & { out?: Tensor } {
    const { plan, base, tokens, style, spans, rope, caches } = this.#c;
    const { config } = base;
    const own = base.layers[layer];
    const { hidden, heads, kvHeads, headDim, intermediate } = config;
    const keeps = mode !== 'infer';
    const fresh = mode !== 'recompute';
    const width = qkvWidth(config);
    const name = (what: string) => `layer ${layer} ${what}`;
    const u = projected ?? this.lora.projectedTensor(name('projected'));
    const common = { rows: tokens, live: 'tokens' as const, transposed: false, style };
    const norm = (input: Tensor, weight: Tensor, normed: Tensor, group: Group) =>
      plan.add(
        project({
          label: name(group),
          rows: tokens,
          live: 'tokens',
          input,
          width: hidden,
          style,
          prologue: { kind: 'rmsnorm', weight, epsilon: config.normEpsilon, normed },
          ...(fresh ? this.lora.down(layer, group, u) : {})
        })
      );

    const h1 = this.#act(name('h1'), hidden);
    norm(x, own.attentionNorm, h1, 'qkv');
    const qkv = this.#act(name('qkv'), width);
    plan.add(
      matmul({
        ...common,
        label: name('qkv'),
        x: h1,
        weight: weights.qkv,
        ...(own.qkvBias ? { bias: own.qkvBias } : {}),
        ...this.lora.term(layer, 'qkv', u, false),
        epilogue: { kind: 'rope', rope, headDim },
        out: qkv
      })
    );

    const attended = this.#act(name('attended'), heads * headDim);
    const lse = keeps ? transient(name('lse'), tokens * heads) : undefined;
    const shape = { tokens, heads, kvHeads, headDim, window: windowOfLayer(config, layer), style };
    if (caches) {
      caches.append(layer, qkv);
      plan.add(
        attentionForward({
          ...shape,
          q: qkv,
          qStride: width,
          qOffset: 0,
          kv: caches.layers[layer],
          kvStride: 2 * kvHeads * headDim,
          kOffset: 0,
          vOffset: kvHeads * headDim,
          kvRows: caches.rows,
          spans,
          out: attended,
          cached: true
        })
      );
    } else {
      plan.add(
        attentionForward({
          ...shape,
          q: qkv,
          qStride: width,
          qOffset: 0,
          kv: qkv,
          kvStride: width,
          kOffset: heads * headDim,
          vOffset: (heads + kvHeads) * headDim,
          kvRows: tokens,
          spans,
          out: attended,
          ...(lse ? { lse } : {})
        })
      );
    }

    if (fresh) this.lora.projectPlain(layer, 'o', attended, heads * headDim, u);
    const x2 = transient(name('x2'), tokens * hidden);
    plan.add(
      matmul({
        ...common,
        label: name('o'),
        x: attended,
        weight: weights.o,
        ...this.lora.term(layer, 'o', u, false),
        epilogue: { kind: 'residual', residual: x },
        out: x2
      })
    );

    const h2 = this.#act(name('h2'), hidden);
    norm(x2, own.mlpNorm, h2, 'gateUp');
    const gateUp = keeps ? this.#act(name('gate up'), 2 * intermediate) : undefined;
    const h = this.#act(name('h'), intermediate);
    plan.add(
      matmul({
        ...common,
        label: name('gate up'),
        x: h2,
        weight: weights.gateUp,
        ...this.lora.term(layer, 'gateUp', u, false),
        epilogue: { kind: 'swiglu', ...(gateUp ? { gateUp } : {}) },
        out: h
      })
    );

    const kept = { x, projected: u, h1, qkv, attended, lse, x2, h2, gateUp, h };
    if (!fresh) return kept;
    this.lora.projectPlain(layer, 'down', h, intermediate, u);
    const out = transient(name('out'), tokens * hidden);
    plan.add(
      matmul({
        ...common,
        label: name('down'),
        x: h,
        weight: weights.down,
        ...this.lora.term(layer, 'down', u, false),
        epilogue: { kind: 'residual', residual: x2 },
        out
      })
    );
    return { ...kept, out };
  }

  /**
   * Backward of one layer.
   * @param dy f32 [tokens, hidden], dL/d out
   * @param v f32, gradients of the projections; its `down` columns are filled already (by what made dy)
   * @param below the same tensor of the layer below, whose `down` columns are filled here; absent for the lowest layer,
   *   where everything past the last adapter is skipped: nothing below is trained
   * @returns dL/dx, absent for the lowest layer
   */
  backward(
    layer: number,
    acts: LayerActivations,
    weights: LayerMatrices,
    dy: Tensor,
    v: Tensor,
    below?: { readonly layer: number; readonly v: Tensor }
  ): Tensor | undefined {
    const pass = {
      layer,
      acts,
      weights,
      v,
      reaches: (...groups: Group[]) =>
        below !== undefined || groups.some((g) => this.lora.group(layer, g) !== undefined)
    };
    const dx2 = this.#backwardMlp(pass, dy);
    return dx2 && this.#backwardAttention(pass, dx2, below);
  }

  /** From dL/d out to dL/d x2, the residual stream between attention and MLP. */
  #backwardMlp({ layer, acts, weights, v, reaches }: BackwardPass, dy: Tensor): Tensor | undefined {
    const { plan, base, tokens, style } = this.#c;
    const { hidden, intermediate, normEpsilon } = base.config;
    const name = (what: string) => `layer ${layer} ${what}`;
    const common = { rows: tokens, live: 'tokens' as const, transposed: true, style };
    const jobs = this.lora.jobs(layer, 'down', v, acts.projected, acts.h, dy);
    let dx2: Tensor | undefined;
    if (reaches('gateUp', 'o', 'qkv')) {
      const gateUp = acts.gateUp!;
      // An f32 gate and up are not read again: their gradients take their place.
      const dGateUp =
        gateUp.dtype === 'f32' ? gateUp : transient(name('d gate up'), tokens * 2 * intermediate);
      plan.add(
        matmul({
          ...common,
          label: name('d down'),
          x: dy,
          weight: weights.down,
          ...this.lora.term(layer, 'down', v, true),
          epilogue: { kind: 'swiglu-backward', gateUp },
          out: dGateUp
        })
      );
      this.lora.projectBack(layer, 'gateUp', dGateUp, 2 * intermediate, v);
      jobs.push(...this.lora.jobs(layer, 'gateUp', v, acts.projected, acts.h2, dGateUp));
      if (reaches('o', 'qkv')) {
        const dh2 = transient(name('d h2'), tokens * hidden);
        plan.add(
          matmul({
            ...common,
            label: name('d gate up'),
            x: dGateUp,
            weight: weights.gateUp,
            ...this.lora.term(layer, 'gateUp', v, true),
            epilogue: { kind: 'store' },
            out: dh2
          })
        );
        dx2 = transient(name('d x2'), tokens * hidden);
        plan.add(
          project({
            label: name('d mlp norm'),
            rows: tokens,
            live: 'tokens',
            input: dh2,
            width: hidden,
            style,
            prologue: {
              kind: 'rmsnorm-backward',
              x: acts.x2,
              weight: base.layers[layer].mlpNorm,
              epsilon: normEpsilon,
              residual: dy,
              dx: dx2
            },
            ...this.lora.up(layer, 'o', v)
          })
        );
      }
    }
    this.lora.gradients(layer, 'mlp', jobs);
    return dx2;
  }

  /** From dL/d x2 to dL/d x, the layer's input. */
  #backwardAttention(
    { layer, acts, weights, v, reaches }: BackwardPass,
    dx2: Tensor,
    below?: { readonly layer: number; readonly v: Tensor }
  ): Tensor | undefined {
    const { plan, base, tokens, style, spans, rope } = this.#c;
    const { hidden, heads, kvHeads, headDim, normEpsilon } = base.config;
    const width = qkvWidth(base.config);
    const name = (what: string) => `layer ${layer} ${what}`;
    const common = { rows: tokens, live: 'tokens' as const, transposed: true, style };
    const jobs = this.lora.jobs(layer, 'o', v, acts.projected, acts.attended, dx2);
    let dx: Tensor | undefined;
    if (reaches('qkv')) {
      const dOut = transient(name('d attended'), tokens * heads * headDim);
      plan.add(
        matmul({
          ...common,
          label: name('d o'),
          x: dx2,
          weight: weights.o,
          ...this.lora.term(layer, 'o', v, true),
          epilogue: { kind: 'store' },
          out: dOut
        })
      );
      const dQkv = transient(name('d qkv'), tokens * width);
      const attention = {
        tokens,
        heads,
        kvHeads,
        headDim,
        window: windowOfLayer(base.config, layer),
        style,
        qkv: acts.qkv,
        dOut,
        lse: acts.lse!,
        spans,
        rope,
        dQkv,
        delta: transient(name('delta'), tokens * heads)
      };
      plan.add(attentionBackwardQuery({ ...attention, out: acts.attended }));
      plan.add(attentionBackwardKeyValue(attention));
      this.lora.projectBack(layer, 'qkv', dQkv, width, v);
      jobs.push(...this.lora.jobs(layer, 'qkv', v, acts.projected, acts.h1, dQkv));
      if (below) {
        const dh1 = transient(name('d h1'), tokens * hidden);
        plan.add(
          matmul({
            ...common,
            label: name('d qkv'),
            x: dQkv,
            weight: weights.qkv,
            ...this.lora.term(layer, 'qkv', v, true),
            epilogue: { kind: 'store' },
            out: dh1
          })
        );
        dx = transient(name('d x'), tokens * hidden);
        plan.add(
          project({
            label: name('d attention norm'),
            rows: tokens,
            live: 'tokens',
            input: dh1,
            width: hidden,
            style,
            prologue: {
              kind: 'rmsnorm-backward',
              x: acts.x,
              weight: base.layers[layer].attentionNorm,
              epsilon: normEpsilon,
              residual: dx2,
              dx
            },
            ...this.lora.up(below.layer, 'down', below.v)
          })
        );
      }
    }
    this.lora.gradients(layer, 'attention', jobs);
    return dx;
  }

  #act(label: string, width: number): Tensor {
    return transient(label, this.#c.tokens * width, this.#c.activations);
  }
}

type LayerMatrices = Readonly<Record<Group, WeightMatrix>>;

interface BackwardPass {
  readonly layer: number;
  readonly acts: LayerActivations;
  readonly weights: LayerMatrices;
  readonly v: Tensor;
  /** Whether anything that is trained lies at or below one of these groups in the backward order. */
  reaches(...groups: Group[]): boolean;
}

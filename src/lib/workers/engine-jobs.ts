import { Device } from '../gpu/device';
import { AdapterLayout } from '../gpu/model/adapter';
import { parseDecoderConfig } from '../gpu/model/config';
import { ChatSession } from '../jobs/chat';
import { Explainer } from '../jobs/explain';
import { finetune, type TrainingState } from '../jobs/finetune';
import { measureInfluence, sketchRows } from '../jobs/influence';
import { momentsPerRun } from '../jobs/moments';
import { parseTargets, type FinetuneOptions } from '../jobs/options';
import { retrain } from '../jobs/retrain';
import { measureValue } from '../jobs/value';
import type { Adapter } from '../formats/peft';
import type { GpuJobs, SavedState, TrainingJob } from './gpu-jobs';

/** Steps between two saved states: what a closed tab can cost. */
const checkpointEvery = 5;

/** The engine's jobs as the GPU worker runs them. */
export function engineJobs(gpu: GPU | undefined): GpuJobs {
  return {
    openDevice: () => Device.open(gpu),
    describe: ({ description, style }) => ({ ...description, software: style === 'serial' }),
    finetune: (job) => train(job),
    openChat: (job) => ChatSession.open(job),
    measure: (job) => measureInfluence(job),
    sketch: (job) => sketchRows(job),
    openExplainer: (job) => Explainer.open(job),
    retrain: (job) => retrain(job),
    value: (job) => measureValue(job)
  };
}

/** The engine keeps an adapter as one vector; what is saved are PEFT's tensors. */
function train(job: TrainingJob) {
  const { options, checkpoint, resume } = job;
  const { rank, alpha, rsLora } = options;
  const targets = parseTargets(options.targets);
  const layout = new AdapterLayout(parseDecoderConfig(checkpoint.config), { rank, alpha, rsLora, targets });
  return finetune({
    ...job,
    checkpointEvery,
    moments: momentsPerRun,
    resume: resume && toState(resume, layout),
    onEvent: (event) =>
      job.onEvent(
        event.kind === 'checkpoint'
          ? { kind: 'checkpoint', state: fromState(event.state, layout, options, checkpoint.name) }
          : event
      )
  });
}

function fromState(
  state: TrainingState,
  layout: AdapterLayout,
  options: FinetuneOptions,
  baseModel: string
): SavedState {
  const { rank, alpha, dropout, rsLora } = options;
  const config: Adapter['config'] = {
    baseModel,
    rank,
    alpha,
    dropout,
    rsLora,
    targetModules: layout.settings.targets
  };
  return {
    step: state.iteration,
    steps: state.steps,
    adapter: { config, tensors: layout.unpack(state.values) },
    optimizer: { m: state.m.buffer, v: state.v.buffer }
  };
}

function toState(saved: SavedState, layout: AdapterLayout): TrainingState {
  return {
    iteration: saved.step,
    steps: saved.steps,
    values: layout.pack(saved.adapter.tensors),
    m: new Float32Array(saved.optimizer['m']),
    v: new Float32Array(saved.optimizer['v'])
  };
}

import { formatDuration } from '$lib/components/format';
import type { AttributionEvent, AttributionPhase } from '$lib/workers/attribution/protocol';

/** What each phase is called. */
export const phaseNames: Record<AttributionPhase, string> = {
  loading: 'Loading the model and the rows',
  quantising: 'Quantising to 4 bits',
  compiling: 'Compiling GPU programs',
  measuring: 'Measuring what rows do',
  comparing: 'Comparing',
  training: 'Training',
  evaluating: 'Measuring on held-out rows'
};

/** A line of progress: what goes on, and how long still, where that is known. */
export function describeProgress({ phase, part, secondsLeft }: AttributionEvent): {
  label: string;
  figure?: string;
} {
  return {
    label: part ? `${part}: ${phaseNames[phase].toLowerCase()}` : phaseNames[phase],
    ...(secondsLeft === undefined ? {} : { figure: `${formatDuration(secondsLeft)} left` })
  };
}

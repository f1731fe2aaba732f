import type uPlot from 'uplot';
import { formatFigure } from '../format';

export interface ChartLook {
  width: number;
  label: string;
  colors: { line: string; ink: string; grid: string };
  /** Two series: the values, faint, and their average. */
  smoothed: boolean;
}

export const chartHeight = 150;

/** How every chart of a run looks. */
export function chartOptions({ width, label, colors, smoothed }: ChartLook): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colors.ink,
    font: '11px ui-sans-serif, system-ui, sans-serif',
    grid: { stroke: colors.grid, width: 1 },
    ticks: { show: false }
  };
  const line: uPlot.Series = { label, stroke: colors.line, width: 2, points: { show: false } };
  return {
    width,
    height: chartHeight,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    // What is drawn here is never negative; a cut axis would make much of little.
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
    padding: [10, 14, 0, 0],
    axes: [
      { ...axis, grid: { show: false }, size: 24, values: (_, ticks) => ticks.map(wholeStep) },
      { ...axis, size: 46, values: (_, ticks) => ticks.map(formatFigure) }
    ],
    series: smoothed
      ? [{}, { ...line, width: 1, alpha: 0.4 }, { ...line, label: `${label}, averaged` }]
      : [{}, line]
  };
}

/** Between two steps there is nothing to name. */
function wholeStep(value: number): string {
  return Number.isInteger(value) ? String(value) : '';
}

/** Numbers as people read them. Every figure on the page goes through here. */

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `41.2 MB`; powers of 1000, as disks and downloads are counted. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–';
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${units[unit]}`;
}

/** `1.2 billion`, `135 million`, `1,250`. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return '–';
  if (count >= 1e9) return `${trimmed(count / 1e9)} billion`;
  if (count >= 1e6) return `${trimmed(count / 1e6)} million`;
  return Math.round(count).toLocaleString('en-US');
}

/** `8 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds < 9.95) return `${seconds < 1 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** Three significant digits, small values in scientific notation: `0.842`, `12.4`, `2e-4`. */
export function formatFigure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6)
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** A correlation in [-1, 1], always as long, so that columns compare: `0.80`, `−0.35`. */
export function formatCorrelation(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return value
    .toFixed(2)
    .replace(/^-(?=0\.00$)/, '')
    .replace('-', '−');
}

/** A share in [0, 1]: `12.3 %`, `0.4 %`, `under 0.1 %`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  if (share > 0 && share < 0.0005) return 'under 0.1 %';
  return `${(share * 100).toFixed(1)} %`;
}

/** With its sign, for what is a difference: `+0.12`, `−0.03`, `0`. */
export function formatDifference(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  return `${value < 0 ? '−' : '+'}${formatFigure(Math.abs(value))}`;
}

/** `1 row`, `2 rows`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** `23 Nov, 20:41`, in the reader's own clock. */
export function formatMoment(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit'
  });
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

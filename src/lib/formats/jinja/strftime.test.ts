import { describe, expect, it } from 'vitest';
import { isDay, strftime, today } from './strftime';

describe('a day', () => {
  it('is one of the calendar', () => {
    expect(['2026-12-01', '2024-02-29'].every(isDay)).toBe(true);
    expect(['', '2026-2-1', '2026-02-29', '2026-13-01', '2026-12-01T00:00', 'today'].some(isDay)).toBe(false);
  });

  it('is the one where the program runs', () => {
    expect(today(new Date(2026, 0, 9, 23, 59))).toBe('2026-01-09');
    expect(isDay(today())).toBe(true);
  });

  it('is written in the C locale whatever the machine speaks, as Python writes it', () => {
    // The second column is what Python 3.11 gives for datetime(2026, 12, 1) and datetime(2027, 1, 3).
    expect(strftime('2026-12-01', '%d %b %Y|%A %a|%B|%-d|%e|%j|%y|%m/%d|%U %W %u %w|%H:%M|%%|%Q')).toBe(
      '01 Dec 2026|Tuesday Tue|December|1| 1|335|26|12/01|48 48 2 2|00:00|%|%Q'
    );
    expect(strftime('2027-01-03', '%U %W %u %w %j %F %D')).toBe('01 00 7 0 003 2027-01-03 01/03/27');
  });
});

/** A day as templates are told it, without a time zone: `2026-12-01`. */
export type Day = string;

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December']
];
const DAY = 24 * 60 * 60 * 1000;

/** The day it is where the program runs. */
export function today(now: Date = new Date()): Day {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(now.getFullYear()).padStart(4, '0')}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** Whether a text is a day of the calendar in the form `2026-12-01`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

/**
 * Python's `strftime` in the C locale, at midnight of a day: no language and no time zone of this machine takes part.
 * What is no directive stays as it is, as in glibc.
 */
export function strftime(day: Day, format: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return format.replace(/%([-_0^#]?)([a-zA-Z%])/g, (whole, flag: string, directive: string) => {
    const written = directiveOf(date, directive);
    if (written === undefined) return whole;
    if (flag === '-') return written.replace(/^[0 ]+(?=.)/, '');
    if (flag === '_') return written.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length));
    if (flag === '0') return written.replace(/^ +/, (spaces) => '0'.repeat(spaces.length));
    return flag === '^' || flag === '#' ? written.toUpperCase() : written;
  });
}

function directiveOf(date: Date, directive: string): string | undefined {
  const [year, month, day, weekday] = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCDay()
  ];
  const pad = (value: number, width = 2, fill = '0') => String(value).padStart(width, fill);
  const ofYear = Math.round((date.getTime() - Date.UTC(year, 0, 1)) / DAY);
  switch (directive) {
    case 'Y':
      return String(year);
    case 'y':
      return pad(year % 100);
    case 'C':
      return pad(Math.floor(year / 100));
    case 'm':
      return pad(month + 1);
    case 'B':
      return MONTHS[month];
    case 'b':
    case 'h':
      return MONTHS[month].slice(0, 3);
    case 'd':
      return pad(day);
    case 'e':
      return pad(day, 2, ' ');
    case 'j':
      return pad(ofYear + 1, 3);
    case 'A':
      return WEEKDAYS[weekday];
    case 'a':
      return WEEKDAYS[weekday].slice(0, 3);
    case 'w':
      return String(weekday);
    case 'u':
      return String(weekday || 7);
    case 'U':
      return pad(Math.floor((ofYear + 7 - weekday) / 7));
    case 'W':
      return pad(Math.floor((ofYear + 7 - ((weekday + 6) % 7)) / 7));
    case 'H':
    case 'M':
    case 'S':
      return '00';
    case 'I':
      return '12';
    case 'p':
      return 'AM';
    case 'f':
      return '000000';
    case 'z':
    case 'Z':
      return '';
    case 'F':
      return `${year}-${pad(month + 1)}-${pad(day)}`;
    case 'D':
    case 'x':
      return `${pad(month + 1)}/${pad(day)}/${pad(year % 100)}`;
    case 'T':
    case 'X':
      return '00:00:00';
    case 'R':
      return '00:00';
    case 'c':
      return `${WEEKDAYS[weekday].slice(0, 3)} ${MONTHS[month].slice(0, 3)} ${pad(day, 2, ' ')} 00:00:00 ${year}`;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
  }
  return undefined;
}

/** Text fit for one line of a list: control characters become spaces, too long an end becomes an ellipsis. */
export function oneLine(text: string, length: number): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const flat = text.slice(0, length + 1).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  if (flat.length <= length) return flat;
  const cut = flat.slice(0, length - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Text that may stand in a signed line: nothing in it turns the direction of what follows. */
export function shownText(text: string, length: number): string {
  return oneLine(text.toWellFormed(), length)
    .replace(/[\u2028-\u202e\u2066-\u2069]/g, ' ')
    .trim();
}

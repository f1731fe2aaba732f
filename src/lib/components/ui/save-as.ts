/** Hands `blob` to the person's own disk, as a download called `name`. Page only. */
export function saveAs(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has the blob by then; at once would be too early in some.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

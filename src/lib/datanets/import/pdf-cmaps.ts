/** The maps from codes to characters that fonts of East Asian PDFs name and do not bring (Adobe's CMap resources). */

/** What pdf.js makes for itself, to ask for a map by its name. Where there is none, it drops the text and warns. */
export class PackagedCMaps {
  async fetch({
    name
  }: {
    name: string;
  }): Promise<{ cMapData: Uint8Array<ArrayBuffer>; isCompressed: true }> {
    return { cMapData: await readCMap(name), isCompressed: true };
  }
}

/** Reads a map from pdf.js' own package: over the site where it was built, from the disk in Node. */
async function readCMap(name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!/^[\w-]{1,60}$/.test(name)) throw new Error(`no character map is called ${name.slice(0, 60)}`);
  // In this form a bundler brings all of them along as files of their own, each fetched when it is asked for.
  const url = new URL(`../../../../node_modules/pdfjs-dist/cmaps/${name}.bcmap`, import.meta.url);
  if (url.protocol === 'file:') {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the character map ${name} cannot be had: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Finds a Chromium on this machine, without asking anybody to install one.
 * Plain JavaScript: the launcher of the command line runs it before any TypeScript loader exists.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Where archives that came with npm packages are unpacked: inside node_modules, so that `npm ci` clears it, or where
 * that cannot be written (an image, another user's checkout), among temporary files.
 */
function cacheFolder() {
  const folder = join(root, 'node_modules', '.cache', 'tabtune');
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return join(tmpdir(), `tabtune-${userInfo().uid}`);
  }
}

/**
 * @typedef {object} Browser
 * @property {string} path the executable
 * @property {'CHROME_PATH' | 'installed' | 'playwright' | 'npm'} from where it was found
 * @property {Record<string, string>} env what its process needs on top of ours (libraries, fonts)
 */

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Chrome and Chromium where their installers put them, then whatever PATH has. @returns {string | undefined} */
function installedBrowser() {
  const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome'];
  const places =
    process.platform === 'darwin'
      ? ['/Applications', join(homedir(), 'Applications')].flatMap((folder) => [
          join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
          join(folder, 'Chromium.app/Contents/MacOS/Chromium')
        ])
      : process.platform === 'win32'
        ? [process.env['PROGRAMFILES'], process.env['PROGRAMFILES(X86)'], process.env['LOCALAPPDATA']]
            .filter((folder) => folder !== undefined)
            .map((folder) => join(folder, 'Google/Chrome/Application/chrome.exe'))
        : ['/opt/google/chrome/chrome', ...names.map((name) => `/usr/bin/${name}`)];
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [...places, ...onPath].find(isExecutable);
}

/** What `npx playwright install` left behind, newest build first. @returns {string | undefined} */
function playwrightBrowser() {
  const caches = {
    darwin: join(homedir(), 'Library/Caches/ms-playwright'),
    win32: join(process.env['LOCALAPPDATA'] ?? homedir(), 'ms-playwright')
  };
  const folder =
    process.env['PLAYWRIGHT_BROWSERS_PATH'] ||
    (caches[/** @type {keyof typeof caches} */ (process.platform)] ??
      join(homedir(), '.cache/ms-playwright'));
  if (!existsSync(folder)) return undefined;
  const build = (/** @type {string} */ name) => Number(name.split('-')[1]) || 0;
  return readdirSync(folder)
    .filter((name) => name.startsWith('chromium-'))
    .sort((a, b) => build(b) - build(a))
    .flatMap((name) => [
      join(folder, name, 'chrome-linux/chrome'),
      join(folder, name, 'chrome-linux64/chrome'),
      join(folder, name, 'chrome-win/chrome.exe'),
      join(folder, name, 'chrome-win64/chrome.exe'),
      join(folder, name, 'chrome-mac/Chromium.app/Contents/MacOS/Chromium'),
      join(
        folder,
        name,
        'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing'
      )
    ])
    .find(isExecutable);
}

/**
 * @typedef {object} Archives
 * @property {string} folder of the archives
 * @property {NodeJS.Require} require as the package itself resolves modules
 */

/**
 * The archives in `@sparticuz/chromium`, or undefined where the package is missing or has none for this platform.
 * @returns {Archives | undefined}
 */
function packageArchives() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve('@sparticuz/chromium');
    const folder = join(dirname(entry), '..', 'bin');
    return existsSync(folder) ? { folder, require: createRequire(entry) } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Fills a folder of the cache once. It is filled aside and renamed, so that two processes that do it at the same
 * time, or one that is killed half-way, never leave half a browser behind.
 * @param {string} name of the folder
 * @param {(aside: string) => Promise<unknown>} fill
 * @returns {Promise<string>} the folder
 */
async function fillOnce(name, fill) {
  const target = join(cacheFolder(), name);
  if (existsSync(target)) return target;
  const aside = `${target}.${process.pid}.tmp`;
  mkdirSync(aside, { recursive: true });
  try {
    await fill(aside);
    renameSync(aside, target);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    // Somebody else was faster: theirs is as good as ours.
    if (!existsSync(target)) throw error;
  }
  return target;
}

/**
 * @param {Archives} archives
 * @param {string} name of a brotli-compressed tar
 * @param {string} folder to unpack into
 */
function unpack(archives, name, folder) {
  const sink = archives.require('tar-fs').extract(folder);
  return pipeline(createReadStream(join(archives.folder, name)), createBrotliDecompress(), sink);
}

/**
 * SwiftShader, the Vulkan driver that runs on any processor, with the loader it needs: unpacked from npm.
 * @returns {Promise<string | undefined>} the folder with `vk_swiftshader_icd.json` and `libvulkan.so.1`
 */
export async function packagedSwiftShader() {
  const archives = packageArchives();
  return archives && fillOnce('swiftshader', (folder) => unpack(archives, 'swiftshader.tar.br', folder));
}

/** The browser in `@sparticuz/chromium` with all it needs but libc. @returns {Promise<Browser | undefined>} */
async function packagedBrowser() {
  const archives = packageArchives();
  if (!archives) return undefined;
  const folder = await fillOnce('browser', async (aside) => {
    // Chromium looks for SwiftShader and the Vulkan loader beside its own executable only.
    await unpack(archives, 'swiftshader.tar.br', aside);
    await unpack(archives, 'al2023.tar.br', aside);
    await unpack(archives, 'fonts.tar.br', aside);
    await pipeline(
      createReadStream(join(archives.folder, 'chromium.br')),
      createBrotliDecompress(),
      createWriteStream(join(aside, 'chrome'), { mode: 0o755 })
    );
  });
  const fontsFile = join(folder, 'fonts.conf');
  writeFileSync(
    fontsFile,
    `<?xml version="1.0"?><fontconfig><dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>`
  );
  return {
    path: join(folder, 'chrome'),
    from: 'npm',
    env: {
      LD_LIBRARY_PATH: [process.env['LD_LIBRARY_PATH'], join(folder, 'lib')].filter(Boolean).join(':'),
      FONTCONFIG_FILE: fontsFile
    }
  };
}

/**
 * CHROME_PATH, else an installed Chrome or Chromium, else Playwright's own, else the one from npm.
 * TABTUNE_BROWSER=npm skips to the last, to test what a bare machine has.
 * @returns {Promise<Browser | undefined>}
 */
export async function findBrowser() {
  const asked = process.env['CHROME_PATH'];
  if (asked) {
    if (!isExecutable(asked)) {
      throw new Error(`CHROME_PATH is ${asked}, which is no executable file. Correct it or unset it.`);
    }
    return { path: asked, from: 'CHROME_PATH', env: {} };
  }
  if (process.env['TABTUNE_BROWSER'] !== 'npm') {
    const installed = installedBrowser();
    if (installed) return { path: installed, from: 'installed', env: {} };
    const own = playwrightBrowser();
    if (own) return { path: own, from: 'playwright', env: {} };
  }
  return packagedBrowser();
}

/**
 * Folders of installed browsers that may hold `libvk_swiftshader.so` and its manifest.
 * @returns {string[]}
 */
export function browserFolders() {
  const paths = [process.env['CHROME_PATH'], installedBrowser(), playwrightBrowser()];
  const folders = paths.flatMap((path) => (path && isExecutable(path) ? [dirname(realpathSync(path))] : []));
  // Debian's /usr/bin/chromium is a script: the files lie elsewhere.
  return [...new Set([...folders, '/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'])];
}

/**
 * Flags under which a headless Chromium computes with WebGPU: on SwiftShader, or with TABTUNE_GPU=hardware
 * on the machine's own adapter. `--enable-unsafe-webgpu` lifts the block list that holds software adapters;
 * Vulkan is the only way to SwiftShader.
 * @returns {string[]}
 */
export function webgpuFlags() {
  return [
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    ...(process.env['TABTUNE_GPU'] === 'hardware' ? [] : ['--use-webgpu-adapter=swiftshader']),
    '--enable-features=Vulkan',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-quic',
    '--no-first-run'
  ];
}

/** What to tell a person whose machine has none. */
export const noBrowserMessage =
  'No Chrome or Chromium was found. Install one (apt install chromium), or set CHROME_PATH to its executable.';

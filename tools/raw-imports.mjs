/** Lets Node import a file's text as Vite does: `import code from './matmul.wgsl?raw'`. Use with `node --import`. */
import { register } from 'node:module';

register('./raw-imports-hooks.mjs', import.meta.url);

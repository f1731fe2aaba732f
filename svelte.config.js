import { readFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter({ pages: 'build', assets: 'build', strict: true }),
    // Relative addresses: the built folder works under any path of any host.
    paths: { relative: true },
    version: { name: version },
    typescript: {
      config: (config) => {
        config.include.push('../tools/**/*.mjs', '../tools/**/*.ts', '../svelte.config.js');
      }
    },
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['self'],
        'script-src': ['self'],
        // From a blob, a worker inherits this policy; from an address, it would have none (src/lib/workers/spawn.ts).
        'worker-src': ['self', 'blob:'],
        // Charts and positioned elements set their styles in attributes, which no hash can allow.
        'style-src': ['self', 'unsafe-inline'],
        'img-src': ['self', 'data:', 'blob:'],
        // Rows and adapters leave the device only where the person sends them. Models come from the hub and its stores.
        'connect-src': ['self', 'https://huggingface.co', 'https://*.huggingface.co', 'https://*.hf.co'],
        'object-src': ['none'],
        'base-uri': ['self'],
        'form-action': ['self']
      }
    }
  }
};

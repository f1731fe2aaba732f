/** Every page is one static file, and draws itself in the browser: what it shows depends on the device it is on. */
export const prerender = true;
export const ssr = false;

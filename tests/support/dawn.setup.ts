/** Gives Node a `navigator.gpu` and WebGPU's constants, from Dawn, so that a GPU test is the same file everywhere. */
import { create, globals } from 'webgpu';
import { calmPolling } from '../../src/cli/calm-polling.mjs';

const scope = globalThis as { navigator?: object };
Object.assign(scope, globals);

calmPolling();

// Dawn must outlive every object made from it: `navigator` keeps it reachable until the process ends.
scope.navigator ??= {};
Object.defineProperty(scope.navigator, 'gpu', { value: create([]), configurable: true });

/** Prints, as JSON, the WebGPU adapter that Dawn finds in this process; exits with 1 when there is none. */
import { create } from 'webgpu';

const gpu = create([]);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
if (!adapter) process.exit(1);
const { vendor, architecture, description } = adapter.info;
process.stdout.write(JSON.stringify({ vendor, architecture, description }));

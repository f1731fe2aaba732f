/** Runs once before the project `dawn`: finds a driver, and starts the test processes with it. */
import type { TestProject } from 'vitest/node';
import { findVulkan, noVulkanMessage } from '../../tools/vulkan.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the driver was found; empty when the machine has none. */
    vulkanSource: string;
  }
}

export async function setup(project: TestProject): Promise<void> {
  const driver = await findVulkan();
  project.provide('vulkanSource', driver?.source ?? '');
  if (driver) {
    project.config.env = { ...project.config.env, ...driver.env };
    process.stderr.write(
      `dawn: ${driver.adapter.description || driver.adapter.vendor} from ${driver.source}\n`
    );
  } else {
    process.stderr.write(`dawn: all tests are skipped. ${noVulkanMessage}\n`);
  }
}

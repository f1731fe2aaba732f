/** Skips every test, rather than failing it, on a machine where no Vulkan driver of any kind was found. */
import { inject, TestRunner, type RunnerTask, type RunnerTestFile } from 'vitest';

export default class DawnRunner extends TestRunner {
  onCollected(files: RunnerTestFile[]): void {
    if (inject('vulkanSource') === '') files.forEach(skip);
  }
}

function skip(task: RunnerTask): void {
  task.mode = 'skip';
  if (task.type === 'suite') task.tasks.forEach(skip);
}

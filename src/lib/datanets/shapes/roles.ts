/** Who speaks, in the words that datasets use for it, and the role that chat templates know. */
const ROLES = new Map([
  ...['human', 'user', 'prompter', 'input'].map((name) => [name, 'user'] as const),
  ...['assistant', 'gpt', 'chatgpt', 'ai', 'bot', 'model', 'bing', 'bard', 'claude'].map(
    (name) => [name, 'assistant'] as const
  ),
  // OpenAI renamed `system` to `developer`; chat templates of open models know only the former.
  ...['system', 'developer'].map((name) => [name, 'system'] as const),
  ...['tool', 'function', 'observation', 'tool_response', 'tool_result', 'ipython'].map(
    (name) => [name, 'tool'] as const
  )
]);

/** Turns of these names hold a call as JSON: the assistant's, who says nothing besides. */
const CALLS = new Set(['function_call', 'tool_call']);

/** The role for a name; one that is not known stays as it is, for the model's chat template to judge. */
export function roleOf(name: string): string {
  return ROLES.get(name.toLowerCase()) ?? name;
}

export function isCall(name: string): boolean {
  return CALLS.has(name.toLowerCase());
}

import { readConversation } from './conversation';
import { hasKeys, type RowShape } from './shape';

/**
 * `{"conversations":[{"from":"human","value":"..."},{"from":"gpt","value":"..."}]}`, with an optional `system` text and
 * `tools`. Later exports keep the outer name and write OpenAI's messages inside.
 */
export const sharegptShape: RowShape = {
  name: 'sharegpt',
  matches: (value) => hasKeys(value, 'conversations'),
  read: (value) => readConversation(value, 'conversations')
};

import { readConversation } from './conversation';
import { hasKeys, type RowShape } from './shape';

/** `{"messages":[{"role":"user","content":"..."},{"role":"assistant","content":"..."}]}`, OpenAI's fine-tuning format. */
export const openaiShape: RowShape = {
  name: 'messages',
  matches: (value) => hasKeys(value, 'messages'),
  read: (value) => readConversation(value, 'messages')
};

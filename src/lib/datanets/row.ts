/** One turn of a conversation. Roles beyond the usual three (`tool`, ...) are left to the model's chat template. */
export interface Message {
  role: string;
  content: string;
}

/** Who wrote a row and where it came from. Both travel with the row unchanged and are never shown to the model. */
export interface RowOrigin {
  contributor?: string;
  source?: string;
}

/** A conversation: the model learns the assistant's turns. */
export interface ChatRow extends RowOrigin {
  messages: Message[];
}

/** Running text: the model learns every token of it. */
export interface TextRow extends RowOrigin {
  text: string;
}

/** One training example, whatever shape its file had. */
export type Row = ChatRow | TextRow;

/** What a row says, without who says it: what its CID is made of. */
export type RowContent = { messages: Message[] } | { text: string };

export function isChatRow(row: Row): row is ChatRow {
  return 'messages' in row;
}

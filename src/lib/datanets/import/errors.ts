import { TabtuneError } from '../../errors';

/** A file in a form that cannot be imported: of an unknown kind, of another program, or empty. */
export class UnknownFormatError extends TabtuneError {}

/** Text that is not UTF-8. */
export class NotUtf8Error extends TabtuneError {}

/** A mapping that does not fit what it is used on: a column that is not there, chunks of a table. */
export class MappingError extends TabtuneError {}

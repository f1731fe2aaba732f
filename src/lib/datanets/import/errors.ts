import { TabtuneError } from '../../errors';

/** A file in a form that cannot be imported: of an unknown kind, of another program, or empty. */
export class UnknownFormatError extends TabtuneError {}

/**
 * Text that is not in the encoding it was read in, which is UTF-8 where nothing else was declared or chosen.
 * `details.likely` is an encoding that it may be in.
 */
export class NotUtf8Error extends TabtuneError {}

/** An encoding that nothing here can decode. */
export class UnknownEncodingError extends TabtuneError {}

/** A mapping that does not fit what it is used on: a column that is not there, chunks of a table. */
export class MappingError extends TabtuneError {}

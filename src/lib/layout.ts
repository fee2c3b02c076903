import { Parser } from 'binary-parser';
import { WireError } from './errors.js';

/**
 * A fixed-size header described with binary-parser.
 *
 * binary-parser returns `any`, throws a bare RangeError on a short integer field and silently shortens a short `buffer`
 * field, so the one length check that makes it safe lives here. It compiles its parser with `new Function`: that is put
 * off to the first read, so that importing needs no eval.
 *
 * @internal
 */
export interface Layout<T> {
  /** Octets. */
  readonly size: number;
  /** The header at `at`. Throws a {@link WireError} when there are fewer than {@link Layout.size} octets. */
  read(bytes: Uint8Array, at?: number): T;
}

/** @internal */
export function layout<T>(size: number, describe: (parser: Parser) => Parser): Layout<T> {
  let parser: Parser | undefined;
  return {
    size,
    read(bytes, at = 0) {
      if (bytes.length - at < size) throw new WireError(`need ${size} bytes, have ${Math.max(0, bytes.length - at)}`, at);
      parser ??= describe(new Parser().endianness('big'));
      // The one place where binary-parser's `any` gets the type that the description states.
      return parser.parse(bytes.subarray(at, at + size)) as T;
    },
  };
}

/**
 * What went wrong, by whose fault it was.
 *
 * - {@link WireError}: the far end sent bytes that mean nothing. Thrown only inside a `wire/` folder (or a capture reader),
 *   caught at that folder's door, and turned into the remedy that the protocol names.
 * - {@link UsageError}: the calling program passed something impossible. Thrown straight at the caller.
 * - A broken invariant of ours is a plain `Error`, and nothing carries on from it.
 *
 * A network that fails is none of these: it is an event that a machine handles.
 */

/**
 * Has `instanceof` know the errors of a class by a mark, whichever copy of the package made them: a program may have several, as an ES module, by
 * `require`, and of other versions in what it depends on. A class that extends it is known by itself, unless it has a mark of its own.
 *
 * @internal
 */
export function brand(type: { readonly prototype: Error }, name: string): void {
  const mark = Symbol.for(`virtual-router.${name}`);
  Object.defineProperty(type.prototype, mark, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return (
        Function.prototype[Symbol.hasInstance].call(this, value) ||
        (this === type && typeof value === 'object' && value !== null && mark in value)
      );
    },
  });
}

/** Bytes that cannot be decoded. @public */
export class WireError extends Error {
  static {
    brand(WireError, 'WireError');
  }
  override readonly name = 'WireError';
  constructor(
    message: string,
    /** Offset of the offending octet, from the start of what was being read. */
    readonly offset: number,
  ) {
    super(`${message} at byte ${offset}`);
  }
}

/** A stable code to match on. Every code is listed in the README. @public */
export type UsageErrorCode =
  | 'CONFIG_INVALID'
  | 'ADDRESS_INVALID'
  | 'PREFIX_INVALID'
  | 'ASN_INVALID'
  | 'COMMUNITY_INVALID'
  | 'VALUE_INVALID'
  | 'MESSAGE_TOO_LONG'
  | 'NAME_UNKNOWN'
  | 'NAME_TAKEN'
  | 'PORT_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'LISTENER_SHARED'
  | 'NOT_RUNNING'
  | 'CLOSED'
  | 'NATIVE_MISSING'
  | 'BFD_UNAVAILABLE'
  | 'FILE_UNREADABLE'
  | 'CONTROL_REFUSED'
  | 'DEVICE_UNAVAILABLE'
  | 'SECRET_UNAVAILABLE'
  | 'SECURITY_UNAVAILABLE';

/** One thing that is wrong with a configuration. @public */
export interface Problem {
  /** Where, outermost first: `['network', 'grants', 3, 'prefix']`. */
  readonly path: readonly (string | number)[];
  /** What was expected there. */
  readonly message: string;
}

/** A mistake in the calling program or its configuration. @public */
export class UsageError extends Error {
  static {
    brand(UsageError, 'UsageError');
  }
  override readonly name = 'UsageError';
  constructor(
    /** Stable; the message is for people. */
    readonly code: UsageErrorCode,
    message: string,
    /** Where in the configuration, or in the value that was given, outermost first: `['network', 'grants', 3, 'prefix']`. Empty elsewhere. */
    readonly path: readonly (string | number)[] = [],
    /** All that is wrong with a configuration, the first included. Empty where there is nothing more to say. */
    readonly problems: readonly Problem[] = [],
  ) {
    super(path.length > 0 ? `${formatPath(path)}: ${message}` : message);
  }
}

/** What `act` gives. A `UsageError` that it throws says that it is of what stands at `path`. @internal */
export function atPath<T>(path: readonly (string | number)[], act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const plain = error.path.length > 0 ? error.message.slice(formatPath(error.path).length + 2) : error.message;
    throw new UsageError(error.code, plain, [...path, ...error.path], error.problems);
  }
}

/** `network.grants[3].prefix`. @internal */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

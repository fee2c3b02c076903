import { brand, WireError } from '../../lib/errors.js';

/** What a NOTIFICATION says of an error. @public */
export interface NotificationFields {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

const NO_DATA = new Uint8Array(0);

/** A message that ends the session, with the NOTIFICATION to send (RFC 4271 §6). @public */
export class MessageError extends WireError implements NotificationFields {
  static {
    brand(MessageError, 'MessageError');
  }
  constructor(
    /** NOTIFICATION error code. */
    readonly code: number,
    /** NOTIFICATION error subcode. */
    readonly subcode: number,
    message: string,
    /** Offset of the offending octet in the message. */
    offset: number,
    /** NOTIFICATION data. */
    readonly data: Uint8Array = NO_DATA,
  ) {
    super(message, offset);
  }
}

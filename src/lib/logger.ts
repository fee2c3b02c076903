/** Writes one line: fields first, then the sentence, as pino does. @public */
export type LogLine = (fields: object, message: string) => void;

/** Where a router says what it does. The shape is pino's, so a pino logger fits; silent unless one is given. @public */
export interface Logger {
  readonly trace: LogLine;
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

const quiet: LogLine = () => {};

/** Says nothing. @public */
export const silentLogger: Logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

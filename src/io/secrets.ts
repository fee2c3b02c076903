import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../lib/errors.js';
import type { SecretReader } from '../lib/secrets.js';
import { systemReason } from './system-error.js';

/** Octets that nobody can guess. @public */
export function entropy(octets: number): Uint8Array {
  return new Uint8Array(randomBytes(octets));
}

/** Reads secrets from files and from the environment. Throws a `UsageError` (`SECRET_UNAVAILABLE`). @public */
export const readSecret: SecretReader = (place) => {
  if ('env' in place) {
    const value = process.env[place.env];
    if (value === undefined) throw new UsageError('SECRET_UNAVAILABLE', `the environment has no ${place.env}`);
    return value;
  }
  try {
    return readFileSync(place.file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError('SECRET_UNAVAILABLE', `cannot read ${place.file}: ${systemReason(error)}`);
  }
};

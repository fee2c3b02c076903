import type { BfdConfig } from '../bfd/index.js';
import { SCHEMES } from '../bfd/wire/index.js';
import { encodeUtf8 } from '../bgp/wire/text.js';
import { UsageError } from '../lib/errors.js';
import type { SecretConfig, SecretReader } from '../lib/secrets.js';
import type { ConnectionSecurity, Dialler, MasterKey } from '../lib/transport.js';
import type { Path } from '../lib/validate.js';
import type { CacheTls } from '../rtr/config.js';
import type { NeighbourConfig, RpkiConfig } from './config.js';

/**
 * How a neighbour's connections are protected, its secrets read; undefined where nothing is asked for. Throws a `UsageError`
 * (`SECRET_UNAVAILABLE`) that names the place, and never says what it held.
 *
 * @internal
 */
export function securityOf(
  { password, tcpAo, ttlSecurity }: NeighbourConfig,
  read: SecretReader | undefined,
  path: Path,
): ConnectionSecurity | undefined {
  if (password === undefined && tcpAo === undefined && ttlSecurity === undefined) return undefined;
  return {
    ...(password === undefined ? {} : { md5: octetsOf(password, read, [...path, 'password']) }),
    ...(ttlSecurity === undefined ? {} : { hops: ttlSecurity }),
    ...(tcpAo === undefined
      ? {}
      : {
          ao: tcpAo.map(
            ({ sendId, receiveId = sendId, secret, algorithm = 'hmac-sha-1-96', coverOptions = true }, i): MasterKey => ({
              sendId,
              receiveId,
              secret: octetsOf(secret, read, [...path, 'tcpAo', i, 'secret']),
              algorithm,
              coverOptions,
            }),
          ),
        }),
  };
}

/** Of every neighbour that asks for some, by its address or range. Throws a `UsageError` before anything has changed. @internal */
export function securities(
  neighbours: readonly NeighbourConfig[] = [],
  read: SecretReader | undefined,
): ReadonlyMap<string, ConnectionSecurity> {
  const found = new Map<string, ConnectionSecurity>();
  for (const [i, neighbour] of neighbours.entries()) {
    const security = securityOf(neighbour, read, ['neighbours', i]);
    if (security) found.set(neighbour.address, security);
  }
  return found;
}

/** BFD's configuration with its secrets as texts. Throws as {@link securityOf} does. @internal */
export function withSecrets<T extends { readonly bfd?: BfdConfig }>(holders: readonly T[], read: SecretReader | undefined, at: Path): T[] {
  return holders.map((holder, i) => {
    const { bfd } = holder;
    if (!bfd?.authentication) return holder;
    const most = SCHEMES[bfd.authentication.type].size;
    const keys = bfd.authentication.keys.map(({ id, secret }, k) => {
      const path = [...at, i, 'bfd', 'authentication', 'keys', k, 'secret'];
      if (typeof secret === 'string') return { id, secret };
      const text = fetched(secret, read, path);
      const { length } = encodeUtf8(text);
      if (length === 0 || length > most)
        throw new UsageError('SECRET_UNAVAILABLE', `expected 1 to ${most} octets there, found ${length}`, path);
      return { id, secret: text };
    });
    return { ...holder, bfd: { ...bfd, authentication: { ...bfd.authentication, keys } } };
  });
}

/**
 * Who dials each of the caches: `dialler` itself, or over TLS. Throws a `UsageError` (`SECRET_UNAVAILABLE`, `SECURITY_UNAVAILABLE`) before
 * anything has changed, with the path.
 *
 * @internal
 */
export function cacheDiallers(rpki: RpkiConfig | undefined, dialler: Dialler, read: SecretReader | undefined): readonly Dialler[] {
  return (rpki?.caches ?? []).map(({ tls }, i) => (tls ? tlsDialler(tls, dialler, read, ['rpki', 'caches', i, 'tls']) : dialler));
}

function tlsDialler({ serverName, ca, certificate, key }: CacheTls, dialler: Dialler, read: SecretReader | undefined, path: Path): Dialler {
  if (!dialler.tls) throw new UsageError('SECURITY_UNAVAILABLE', 'expected none, as the transport of this host has no TLS', path);
  const client = {
    serverName,
    ca: textOf(ca, read, [...path, 'ca'], 'certificates'),
    ...(certificate === undefined ? {} : { certificate: textOf(certificate, read, [...path, 'certificate'], 'certificates') }),
    ...(key === undefined ? {} : { key: textOf(key, read, [...path, 'key'], 'a private key') }),
  };
  return dialler.tls(client, path);
}

function octetsOf(secret: SecretConfig, read: SecretReader | undefined, path: Path): Uint8Array {
  return encodeUtf8(textOf(secret, read, path));
}

function textOf(secret: SecretConfig, read: SecretReader | undefined, path: Path, what = 'a secret'): string {
  const text = typeof secret === 'string' ? secret : fetched(secret, read, path);
  if (text === '') throw new UsageError('SECRET_UNAVAILABLE', `expected ${what}, and what is there is empty`, path);
  return text;
}

function fetched(place: Exclude<SecretConfig, string>, read: SecretReader | undefined, path: Path): string {
  if (!read) throw new UsageError('SECRET_UNAVAILABLE', 'expected the text itself, as this host reads none from files or variables', path);
  try {
    return read(place);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.code, error.message, path);
  }
}

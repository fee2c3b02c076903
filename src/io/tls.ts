import { createPrivateKey, X509Certificate } from 'node:crypto';
import { checkServerIdentity, connect, createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import { UsageError } from '../lib/errors.js';
import type { DialEvents, Dialler, DialOptions, TlsClient } from '../lib/transport.js';
import { SocketConnection } from './socket-connection.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Characters of what is said of a failure: some of it is the other side's words. */
const LONGEST_REASON = 300;

type Path = readonly (string | number)[];

/**
 * Dials with TLS 1.2 or 1.3. A connection is there once the server has shown a certificate that one of the client's authorities signed
 * and that has the server's name as a dNSName (RFC 6125, DNS-ID); else the dial fails and says why. No setting of the process or of its
 * environment is a way around that, and nothing is said without TLS.
 */
export class TlsDialler implements Dialler {
  readonly #context: SecureContext;

  /**
   * Throws a `UsageError` (`SECURITY_UNAVAILABLE`) where what it is given is no certificate, no key, or not the certificate's.
   *
   * @param first - See {@link NodeTransport}.
   */
  constructor(
    private readonly client: TlsClient,
    path: Path,
    private readonly first: () => void,
  ) {
    this.#context = contextOf(client, path);
  }

  dial({ remote, localAddress, localPort, security }: DialOptions, events: DialEvents): () => void {
    let over = false;
    const ended = (): boolean => {
      const was = over;
      over = true;
      return was;
    };
    if (security) {
      // TCP MD5 and TCP-AO are set on a socket before it dials, which this one is too late for.
      queueMicrotask(() => !ended() && events.failed('a connection with TLS takes no password, tcpAo or ttlSecurity'));
      return () => void ended();
    }
    const { serverName } = this.client;
    const socket = connect({
      host: remote.address,
      port: remote.port,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
      secureContext: this.#context,
      servername: serverName,
      rejectUnauthorized: true,
      checkServerIdentity: (_name, certificate) => identityFault(serverName, certificate),
    });
    socket.setNoDelay(true);
    const failed = (error: NodeJS.ErrnoException): void => {
      if (!ended()) events.failed(reasonOf(error, !socket.authorizationError, serverName));
    };
    socket.once('error', failed);
    // Whatever else ends it, a dial ends.
    socket.once('close', () => {
      if (!ended()) events.failed('TLS: the connection closed in the handshake');
    });
    socket.once('secureConnect', () => {
      if (ended()) return;
      socket.off('error', failed);
      events.connected(new SocketConnection(socket, { first: this.first }));
    });
    return () => {
      if (ended()) return;
      socket.on('error', () => {});
      socket.destroy();
    };
  }
}

/** RFC 8210 §9.2: only dNSName counts. Node would look at the common name where there is none, so it is not shown that. */
function identityFault(serverName: string, certificate: PeerCertificate): Error | undefined {
  return checkServerIdentity(serverName, { ...certificate, subject: { ...certificate.subject, CN: '' } });
}

function contextOf({ ca, certificate, key }: TlsClient, path: Path): SecureContext {
  // OpenSSL would skip what is none, and then trust nobody.
  const authorities = certificatesOf(ca, [...path, 'ca']);
  if (certificate !== undefined) certificatesOf(certificate, [...path, 'certificate']);
  if (key !== undefined) privateKeyOf(key, [...path, 'key']);
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ca: authorities,
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (error) {
    throw new UsageError('SECURITY_UNAVAILABLE', `expected a certificate and its key: ${textOf(error)}`, path);
  }
}

function certificatesOf(text: string, path: Path): string[] {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new UsageError('SECURITY_UNAVAILABLE', 'expected certificates in PEM, found none', path);
  for (const one of found) {
    try {
      new X509Certificate(one);
    } catch (error) {
      throw new UsageError('SECURITY_UNAVAILABLE', `expected certificates in PEM, and one cannot be read: ${textOf(error)}`, path);
    }
  }
  return found;
}

function privateKeyOf(text: string, path: Path): void {
  try {
    createPrivateKey(text);
  } catch (error) {
    throw new UsageError('SECURITY_UNAVAILABLE', `expected a private key in PEM without a passphrase: ${textOf(error)}`, path);
  }
}

/** Why a dial failed: TCP did not come about, the server was not verified, or TLS did not come about. */
function reasonOf(error: NodeJS.ErrnoException, verified: boolean, serverName: string): string {
  if (error.syscall === 'connect') return error.message;
  const text = textOf(error).slice(0, LONGEST_REASON);
  if (verified) return `TLS: ${text}`;
  const fault = error.code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `not one of ${serverName}` : 'not trusted';
  return `TLS: the server's certificate is ${fault}: ${text}`;
}

/** OpenSSL's errors have a reason of their own, in fewer words than the message. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { reason } = error as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : error.message;
}

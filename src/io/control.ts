import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../lib/errors.js';
import { listenAtPath, pathFault } from './unix-socket.js';

/** Where questions are answered: a UNIX socket, or an address and a port. @public */
export type ControlEndpoint = { readonly path: string } | { readonly address: string; readonly port: number };

/** An answer to `GET`: plain text, or an object that goes as JSON. @public */
export type ControlAnswer = string | object;

/** What is answered, by the path of the URL; the fields of its query, each once. Throw a `UsageError` where the question is wrong. @public */
export type ControlAnswers = Readonly<Record<string, (query: ReadonlyMap<string, string>) => ControlAnswer>>;

/** @public */
export interface ControlOptions {
  readonly endpoint: ControlEndpoint;
  /** Asked for as `Authorization: Bearer`. Must be there where the address is not the host's own loopback. */
  readonly token?: string;
  readonly answers: ControlAnswers;
  /** Milliseconds in which a question must have come whole; its answer must have been taken in twelve times as long. Default 5000. */
  readonly patience?: number;
}

/** Why a question is not answered: the status of the answer as a word, or the connection ends without one. @public */
export type ControlRefusal =
  | 'unauthorized'
  | 'forbidden'
  | 'method-not-allowed'
  | 'too-long'
  | 'not-found'
  | 'wrong-question'
  | 'too-many-connections'
  | 'too-slow';

/** @public */
export interface ControlServer {
  readonly endpoint: ControlEndpoint;
  /** Questions that were not answered so far, by why; what did not occur is left out. */
  readonly refused: Readonly<Partial<Record<ControlRefusal, number>>>;
  close(): Promise<void>;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;
/** Questions are short: octets of a URL. @internal */
export const LONGEST_URL = 4096;
/** Connections at a time, and milliseconds that one may take to ask. @internal */
export const CONNECTIONS = 32;
/** @internal */
export const PATIENCE = 5000;
/** How much longer an answer may take than a question: it is long where there are many neighbours. @internal */
export const ANSWER_LONGER = 12;
const REFUSALS: Readonly<Record<number, ControlRefusal>> = {
  400: 'wrong-question',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  414: 'too-long',
};

/**
 * Answers questions about running routers over HTTP: `GET` only, nothing is changed by it. A UNIX socket is its owner's alone (mode
 * 0600), and one that a killed process left behind is no hindrance; a TCP port needs a token unless it is on loopback. Rejects with a `UsageError` (`CONTROL_REFUSED`, `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`).
 *
 * @public
 */
export function openControl({ endpoint, token, answers, patience = PATIENCE }: ControlOptions): Promise<ControlServer> {
  const fault = endpointFault(endpoint);
  if (fault !== undefined) return Promise.reject(new UsageError('CONTROL_REFUSED', fault));
  if (token === '') return Promise.reject(new UsageError('CONTROL_REFUSED', 'expected a token, and what is there is empty'));
  if ('address' in endpoint && token === undefined && !LOOPBACK.test(endpoint.address)) {
    const why = `expected a token for ${endpoint.address}, as it is not a loopback address and whoever reaches it could ask`;
    return Promise.reject(new UsageError('CONTROL_REFUSED', why));
  }
  const wanted = token === undefined ? undefined : digest(`Bearer ${token}`);
  const refused: Partial<Record<ControlRefusal, number>> = {};
  const count = (reason: ControlRefusal): void => {
    refused[reason] = (refused[reason] ?? 0) + 1;
  };
  // Node looks at how long it took each half minute unless told.
  const times = { requestTimeout: patience, headersTimeout: patience, connectionsCheckingInterval: patience };
  const server = createServer(times, (asked, answer) => {
    const status = respond(asked, answer, answers, wanted, endpoint);
    const reason = REFUSALS[status];
    if (reason) count(reason);
    // Node waits for ever for who does not read, and so would its place.
    const unread = setTimeout(() => {
      count('too-slow');
      asked.socket.destroy();
    }, patience * ANSWER_LONGER);
    answer.on('close', () => clearTimeout(unread));
  });
  server.maxConnections = CONNECTIONS;
  server.on('drop', () => count('too-many-connections'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') count('too-slow');
    else if (error.code?.startsWith('HPE_')) count('wrong-question');
    socket.destroy();
  });
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const why =
        error.code === 'EADDRINUSE' && 'path' in endpoint ? `somebody else listens at ${endpoint.path}, or it is no socket` : error.message;
      const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'ADDRESS_UNAVAILABLE';
      reject(new UsageError(code, `cannot open the control socket: ${why}`));
    };
    const listening = (): void => {
      const bound = server.address() as AddressInfo | string | null;
      resolve({
        endpoint: 'address' in endpoint && bound && typeof bound === 'object' ? { ...endpoint, port: bound.port } : endpoint,
        refused,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    };
    if ('path' in endpoint) listenAtPath(server, endpoint.path, 'own').then(listening, failed);
    else server.once('error', failed).listen({ host: endpoint.address, port: endpoint.port, exclusive: true }, listening);
  });
}

/** What Node would throw for, or cut short without a word. */
function endpointFault(endpoint: ControlEndpoint): string | undefined {
  if ('path' in endpoint) return pathFault(endpoint.path);
  const { port } = endpoint;
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? undefined : `expected a port from 0 to 65535, got ${port}`;
}

function respond(
  asked: IncomingMessage,
  answer: ServerResponse,
  answers: ControlAnswers,
  wanted: Buffer | undefined,
  endpoint: ControlEndpoint,
): number {
  asked.resume();
  const [status, body] = answerTo(asked, answers, wanted, endpoint);
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  answer.writeHead(status, {
    'content-type': typeof body === 'string' ? 'text/plain; version=0.0.4; charset=utf-8' : 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // There are few places: nobody keeps one for a next question.
    connection: 'close',
  });
  answer.end(text);
  return status;
}

function answerTo(
  { headers, method, url: asked = '/' }: IncomingMessage,
  answers: ControlAnswers,
  wanted: Buffer | undefined,
  endpoint: ControlEndpoint,
): readonly [status: number, body: ControlAnswer] {
  // Compared by digests, which are of one length, in constant time.
  if (wanted && !timingSafeEqual(wanted, digest(headers.authorization ?? ''))) return [401, 'unauthorized\n'];
  // A page in a browser on this host could ask under another name (DNS rebinding): it has no business here.
  if ('address' in endpoint && !wanted && !isOwnName(headers.host ?? '', endpoint.address)) return [403, 'forbidden\n'];
  if (method !== 'GET') return [405, 'only GET\n'];
  if (asked.length > LONGEST_URL) return [414, 'too long\n'];
  const query = asked.indexOf('?');
  const path = query < 0 ? asked : asked.slice(0, query);
  const found = Object.hasOwn(answers, path) ? answers[path] : undefined;
  if (!found) return [404, `there is ${Object.keys(answers).join(', ')}\n`];
  try {
    return [200, found(new Map(new URLSearchParams(query < 0 ? '' : asked.slice(query + 1))))];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [400, `${error.message}\n`];
  }
}

function isOwnName(host: string, address: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return name === address || name === 'localhost';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Asks a control socket. Rejects with a `UsageError` (`CONTROL_REFUSED`) when nobody answers, or not as one who knows. @public */
export function askControl(endpoint: ControlEndpoint, url: string, token?: string): Promise<string> {
  const where = 'path' in endpoint ? { socketPath: endpoint.path } : { host: endpoint.address, port: endpoint.port };
  const fault = endpointFault(endpoint);
  if (fault !== undefined) return Promise.reject(new UsageError('CONTROL_REFUSED', fault));
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const asking = request({ ...where, path: url, headers, timeout: PATIENCE }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(text);
        else reject(new UsageError('CONTROL_REFUSED', `the router answers: ${text.trim()}`));
      });
      answer.on('error', () => reject(new UsageError('CONTROL_REFUSED', 'the router went away in the middle of its answer')));
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', (error) => reject(new UsageError('CONTROL_REFUSED', `no router answers there: ${error.message}`)));
    asking.end();
  });
}

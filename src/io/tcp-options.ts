import type { Socket } from 'node:net';
import { parseAddress } from '../lib/address.js';
import { UsageError } from '../lib/errors.js';
import { contains, parsePrefix } from '../lib/prefix.js';
import type { ConnectionSecurity, MasterKey, SecuredPeers } from '../lib/transport.js';
import { type Libc, libc } from './libc.js';

// Linux, <linux/in.h>, <linux/in6.h>, <linux/tcp.h>.
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1 | 0o4000 | 0o2000000; // non-blocking, closed on exec
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;
const IP_TTL = 2;
const IP_MINTTL = 21;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_MINHOPCOUNT = 73;
const TCP_NODELAY = 1;
const TCP_MD5SIG = 14;
const TCP_SAVE_SYN = 27;
const TCP_SAVED_SYN = 28;
const TCP_MD5SIG_EXT = 32;
const TCP_AO_ADD_KEY = 38;
const MD5SIG_FLAG_PREFIX = 1;
const AO_EXCLUDE_OPTIONS = 2;
const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM',
  13: 'EACCES',
  22: 'EINVAL',
  92: 'ENOPROTOOPT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
};
const ENOENT = 2;
const ENOPROTOOPT = 92;

/** `struct tcp_md5sig`: address 128, flags, prefix length, key length, interface index, key 80. */
const MD5_SIZE = 216;
const LONGEST_KEY = 80;
/** `struct tcp_ao_add`: address 128, name 64, interface index, two bits, padding, then octets of their own. */
const AO_SIZE = 288;
const AO_ALGORITHMS: Readonly<Record<MasterKey['algorithm'], string>> = {
  'hmac-sha-1-96': 'hmac(sha1)',
  'aes-128-cmac-96': 'cmac(aes128)',
};
/** Both algorithms are cut to 96 bits (RFC 5926 §3.2). */
const AO_MAC = 12;
/** GTSM: everybody sends with this. */
const MAX_TTL = 255;

/** What goes wrong is said by the name of what was wanted. */
const WANTED = 'protecting TCP connections of the host (password, tcpAo, ttlSecurity)';

/** The C library, or a `UsageError` (`SECURITY_UNAVAILABLE`) that says why protection cannot be had. @internal */
export async function tcpLibc(): Promise<Libc> {
  try {
    return await libc(WANTED);
  } catch (error) {
    throw new UsageError('SECURITY_UNAVAILABLE', error instanceof Error ? error.message : String(error));
  }
}

/**
 * Whether connections can be protected so, tried on a socket of its own that is thrown away. Throws a `UsageError`
 * (`SECURITY_UNAVAILABLE`): there is no falling back to less.
 *
 * @internal
 */
export function assureSecurity(c: Libc, security: ConnectionSecurity): void {
  const fd = openSocket(c, false);
  try {
    protect(c, fd, '192.0.2.1', security, false);
  } finally {
    c.close(fd);
  }
}

/** A TCP socket of the C library's. */
export function openSocket(c: Libc, ipv6: boolean): number {
  return check(c, c.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), 'a socket');
}

/** Binds a socket; port 0 is the system's choice. Throws an error with Node's code. */
export function bindSocket(c: Libc, fd: number, address: string, port: number, listening: boolean): void {
  const ipv6 = address.includes(':');
  if (listening) set(c, fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR');
  if (listening && ipv6) set(c, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, 'IPV6_V6ONLY');
  const bound = socketAddress(address, port);
  if (c.bind(fd, bound, bound.length) < 0) {
    const code = ERRNO[c.errno()] ?? 'EIO';
    throw Object.assign(new Error(`bind ${code} ${address}:${port}`), { code });
  }
}

/** What a socket must have before it dials. */
export function protectDialled(c: Libc, fd: number, remote: string, security: ConnectionSecurity): void {
  protect(c, fd, remote, security, true);
  set(c, fd, IPPROTO_TCP, TCP_NODELAY, 1, 'TCP_NODELAY');
  const { hops } = security;
  if (hops !== undefined) requireTtl(c, fd, remote.includes(':'), hops);
}

/** Another key on a connection that is there. Only what one key is exchanged for can be changed so. */
export function rekeyConnection(c: Libc, socket: Socket, remote: string, security: ConnectionSecurity): void {
  if (security.ao) throw new UsageError('SECURITY_UNAVAILABLE', 'keys of TCP-AO cannot be changed on a connection of the host: reset it');
  if (security.md5) setMd5(c, descriptor(socket), remote, security.md5, true);
}

/** Keys of one listener, and who must come with what TTL. @internal */
export class ListenerSecurity {
  #peers: readonly SecuredPeers[] = [];
  /** Peers that got other protection just now: who was in the queue before that has no right to it. */
  #suspects: readonly string[] = [];
  #listening: boolean;

  constructor(
    private readonly c: Libc,
    private readonly fd: number,
    private readonly ipv6: boolean,
    /** Whether it could be dialled before it had any keys. */
    late: boolean,
  ) {
    this.#listening = late;
  }

  /** Replaces what was said before. Throws a `UsageError` (`SECURITY_UNAVAILABLE`); what it was is left then. */
  replace(all: readonly SecuredPeers[]): void {
    const { c, fd } = this;
    const peers = all.filter(({ peers: range }) => range.includes(':') === this.ipv6);
    const before = new Map(this.#peers.map((entry) => [entry.peers, entry.security]));
    for (const { peers: range, security } of peers) protect(c, fd, range, security, false);
    for (const { peers: range, security } of this.#peers) {
      const after = peers.find((entry) => entry.peers === range)?.security;
      if (security.md5 && !after?.md5) setMd5(c, fd, range, undefined, false);
    }
    if (peers.some(({ security }) => security.hops !== undefined)) {
      sendWithTtl(c, fd, this.ipv6);
      set(c, fd, IPPROTO_TCP, TCP_SAVE_SYN, 1, 'TCP_SAVE_SYN');
    }
    this.#peers = peers;
    if (this.#listening) this.#suspect(peers.filter((entry) => JSON.stringify(before.get(entry.peers)) !== JSON.stringify(entry.security)));
    this.#listening = true;
  }

  /** What waits in the queue is accepted within one round of the event loop; the next is all new. */
  #suspect(peers: readonly SecuredPeers[]): void {
    this.#suspects = [...this.#suspects, ...peers.map((entry) => entry.peers)];
    setImmediate(() =>
      setImmediate(() => {
        this.#suspects = [];
      }),
    );
  }

  /** A connection that was accepted: false where it is not what its neighbour's configuration asks for. */
  admit(socket: Socket, remote: string): boolean {
    const found = this.#longest(remote);
    if (!found) return true;
    if (this.#suspects.includes(found.peers)) return false;
    const { hops } = found.security;
    if (hops === undefined) return true;
    const fd = descriptor(socket);
    // What comes later is looked at by the kernel; the first packet came before there was anything to look by.
    requireTtl(this.c, fd, this.ipv6, hops);
    return (ttlOfSyn(this.c, fd, this.ipv6) ?? 0) >= MAX_TTL + 1 - hops;
  }

  #longest(remote: string): SecuredPeers | undefined {
    const address = parseAddress(remote);
    let best: SecuredPeers | undefined;
    let length = -1;
    for (const entry of this.#peers) {
      const prefix = parsePrefix(entry.peers);
      if (prefix.length <= length || !contains(prefix, address)) continue;
      best = entry;
      length = prefix.length;
    }
    return best;
  }
}

/** Keys for a peer, or for all of a prefix, on a socket that has no connection yet. */
function protect(c: Libc, fd: number, peers: string, security: ConnectionSecurity, dialling: boolean): void {
  const { md5, ao, hops } = security;
  if (md5) setMd5(c, fd, peers, md5, dialling);
  for (const [i, key] of (ao ?? []).entries()) addAo(c, fd, peers, key, dialling && i === 0);
  if (hops !== undefined && dialling) sendWithTtl(c, fd, peers.includes(':'));
}

/** TCP MD5 (RFC 2385). Without a key, the one there is goes. */
function setMd5(c: Libc, fd: number, peers: string, key: Uint8Array | undefined, alone: boolean): void {
  if (key && key.length > LONGEST_KEY)
    throw new UsageError('SECURITY_UNAVAILABLE', `the system takes keys of TCP MD5 of ${LONGEST_KEY} octets at most, and one is longer`);
  const prefix = parsePrefix(peers);
  const option = new Uint8Array(MD5_SIZE);
  option.set(socketAddress(peers.replace(/\/.*$/, ''), 0));
  const view = new DataView(option.buffer);
  view.setUint16(130, key?.length ?? 0, true);
  if (key) option.set(key, 136);
  if (!alone) {
    option[128] = MD5SIG_FLAG_PREFIX;
    option[129] = prefix.length;
  }
  const done = c.setsockopt(fd, IPPROTO_TCP, alone ? TCP_MD5SIG : TCP_MD5SIG_EXT, option, MD5_SIZE);
  option.fill(0);
  if (done < 0 && (key || c.errno() !== ENOENT)) throw unavailable(c, 'TCP MD5 (RFC 2385)');
}

/** A master key of TCP-AO (RFC 5925). */
function addAo(c: Libc, fd: number, peers: string, key: MasterKey, current: boolean): void {
  if (key.secret.length > LONGEST_KEY)
    throw new UsageError('SECURITY_UNAVAILABLE', `the system takes keys of TCP-AO of ${LONGEST_KEY} octets at most, and one is longer`);
  const option = aoOption(peers, key, current);
  const done = c.setsockopt(fd, IPPROTO_TCP, TCP_AO_ADD_KEY, option, option.length);
  option.fill(0);
  if (done < 0) throw unavailable(c, 'TCP-AO (RFC 5925)');
}

/** `struct tcp_ao_add`, for `setsockopt`. @internal */
export function aoOption(peers: string, { secret, algorithm, sendId, receiveId, coverOptions }: MasterKey, current: boolean): Uint8Array {
  const option = new Uint8Array(AO_SIZE);
  option.set(socketAddress(peers.replace(/\/.*$/, ''), 0));
  option.set(new TextEncoder().encode(AO_ALGORITHMS[algorithm]), 128);
  // set_current and set_rnext.
  option[196] = current ? 3 : 0;
  option.set([parsePrefix(peers).length, sendId, receiveId, AO_MAC, coverOptions ? 0 : AO_EXCLUDE_OPTIONS, secret.length], 202);
  option.set(secret, 208);
  return option;
}

/** RFC 5082 §3: what we send has the largest TTL. */
function sendWithTtl(c: Libc, fd: number, ipv6: boolean): void {
  if (ipv6) set(c, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, MAX_TTL, 'IPV6_UNICAST_HOPS');
  else set(c, fd, IPPROTO_IP, IP_TTL, MAX_TTL, 'IP_TTL');
}

/** RFC 5082 §3: what came from further away is dropped. */
function requireTtl(c: Libc, fd: number, ipv6: boolean, hops: number): void {
  const least = MAX_TTL + 1 - hops;
  if (ipv6) set(c, fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, least, 'IPV6_MINHOPCOUNT');
  else set(c, fd, IPPROTO_IP, IP_MINTTL, least, 'IP_MINTTL');
}

/** The TTL that the packet had which opened a connection. */
function ttlOfSyn(c: Libc, fd: number, ipv6: boolean): number | undefined {
  const header = new Uint8Array(256);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  if (c.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, header, length) < 0) return undefined;
  if (new DataView(length.buffer).getUint32(0, true) < (ipv6 ? 40 : 20)) return undefined;
  return header[ipv6 ? 7 : 8];
}

function set(c: Libc, fd: number, level: number, name: number, value: number, what: string): void {
  const option = new Uint8Array(4);
  new DataView(option.buffer).setInt32(0, value, true);
  if (c.setsockopt(fd, level, name, option, 4) < 0) throw unavailable(c, what);
}

function unavailable(c: Libc, what: string): UsageError {
  const errno = c.errno();
  const why = errno === ENOPROTOOPT ? 'the kernel does not have it' : (ERRNO[errno] ?? `error ${errno}`);
  return new UsageError('SECURITY_UNAVAILABLE', `${what} cannot be had on this host: ${why}`);
}

function check(c: Libc, result: number, what: string): number {
  if (result < 0) throw unavailable(c, what);
  return result;
}

/** Beware: Node has no public way to a socket's descriptor. */
export function descriptor(socket: object): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } };
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) throw new UsageError('SECURITY_UNAVAILABLE', 'the socket has no descriptor to set a key on');
  return fd;
}

/** `struct sockaddr_in` and `sockaddr_in6`. */
function socketAddress(address: string, port: number): Uint8Array {
  const octets = parseAddress(address);
  const ipv6 = octets.length === 16;
  const bytes = new Uint8Array(ipv6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ipv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(octets, ipv6 ? 8 : 4);
  return bytes;
}

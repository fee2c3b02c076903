import { parseAddress } from '../../lib/address.js';
import type { Millis } from '../../lib/clock.js';
import type { Random } from '../../lib/random.js';
import type { TimerHeap } from '../../lib/timers.js';
import type { Connection, ConnectionSecurity, DialEvents, DialOptions } from '../../lib/transport.js';
import type { IpDatagram, IpError, IpLayer, IpReceiver } from '../ip-layer.js';
import { PORT_LIMITS } from '../limits.js';
import { Bucket } from '../link.js';
import { Protocol } from '../wire/codes.js';
import { IPV4 } from '../wire/ipv4.js';
import { IPV6 } from '../wire/ipv6.js';
import { u16, u32 } from '../wire/octets.js';
import {
  checksumTcp,
  decodeTcp,
  encodeTcp,
  isTcp,
  type OutgoingSegment,
  optionsLength,
  TCP,
  TcpFlag,
  type TcpSegment,
} from '../wire/tcp.js';
import { authenticationFor, type Ends, type SecurityFault, tooFar, unexpected } from './authentication.js';
import { TCP_DEFAULTS, type TcpConfig } from './config.js';
import { TcpConnection } from './connection.js';
import { InitialNumbers } from './isn.js';
import { add, ahead } from './sequence.js';
import { type SocketOwner, TcpSocket } from './tcp-socket.js';

/** Segments of a node at once that belong to no connection and are looked at. */
const STRANGERS_AT_ONCE = 512;
/** Reports a second of what was not believed; all of it is counted. */
const REPORTS = 10;
/** RFC 6056 §3.2. */
const FIRST_PORT = 49_152;
const PORTS = 0x1_0000 - FIRST_PORT;
const HOP_LIMIT = 64;
/** GTSM (RFC 5082 §3): what nobody further away can arrive with. */
const MOST_HOPS = 255;
/** CS6: routing traffic goes first (RFC 4271 says nothing; RFC 2474 §4.2.2.2 does). */
const TRAFFIC_CLASS = 0xc0;

/** A segment that was dropped because of how its peer's connections are protected. @internal */
export interface SegmentRefused {
  readonly local: string;
  readonly remote: string;
  readonly port: number;
  readonly node: string | undefined;
  readonly fault: SecurityFault;
}

/** Who listens on a port of all the router's addresses. @internal */
export interface TcpListener {
  /** How connections from an address are protected. */
  security(remote: string, node: string | undefined): ConnectionSecurity | undefined;
  /** A connection is open. `node` is who is at the port that it came in by. */
  accepted(connection: Connection, node: string | undefined): void;
}

/** What a stack of TCP is made with. @internal */
export interface TcpSurroundings {
  readonly ip: IpLayer;
  readonly timers: TimerHeap;
  readonly random: Random;
  /** What nobody can guess: 32 octets. */
  readonly secret: Uint8Array;
  refused(event: SegmentRefused): void;
  /** A segment or a connection of a node was dropped. */
  dropped?(node: string, reason: 'too-many-connections' | 'too-many-half-open' | 'unauthenticated'): void;
  /** A reset was not sent to a node. */
  withheld?(node: string): void;
}

/** Whence a segment came. */
interface Arrival extends Pick<IpDatagram, 'source' | 'destination' | 'hopLimit'> {
  readonly node: string | undefined;
}

/** Sockets of a node: all, and those that it dialled and has not opened yet, the oldest first. */
interface NodeSockets {
  readonly all: Set<TcpSocket>;
  readonly opening: Set<TcpSocket>;
  /** Their ports, the remote one in the upper half as a segment has it, and how many have them. */
  readonly ports: Map<number, number>;
}

/** A connection that is being opened, and for whom. */
interface Pending {
  readonly listener?: TcpListener;
  readonly dial?: DialEvents;
}

/** TCP over an {@link IpLayer}: which connection a segment belongs to, who listens, and what belongs to none. @internal */
export class TcpStack implements IpReceiver, SocketOwner {
  readonly groups = false;
  readonly timers: TimerHeap;
  readonly counters = { received: 0, sent: 0, malformed: 0, refused: 0, resets: 0, overflows: 0 };
  readonly #config: TcpConfig;
  readonly #numbers: InitialNumbers;
  readonly #sockets = new Map<string, TcpSocket>();
  readonly #listeners = new Map<number, TcpListener>();
  /** By the node at whose port they came in: segments that belong to no connection, and resets that answer them. */
  readonly #strangers = new Map<string, { readonly looks: Bucket; readonly resets: Bucket }>();
  readonly #pending = new Map<TcpSocket, Pending>();
  readonly #byNode = new Map<string, NodeSockets>();
  readonly #reports = new Bucket(REPORTS, REPORTS);

  constructor(
    private readonly around: TcpSurroundings,
    config: Partial<TcpConfig> = {},
  ) {
    this.timers = around.timers;
    this.#config = { ...TCP_DEFAULTS, ...config };
    this.#numbers = new InitialNumbers(around.secret);
  }

  /** Connections in any state. */
  get size(): number {
    return this.#sockets.size;
  }
  /** Octets that all connections keep for their owners or to send again: bounded by their number. */
  get held(): number {
    let sum = 0;
    for (const { machine } of this.#sockets.values()) sum += machine.held + machine.buffered;
    return sum;
  }

  // --- Owners ----------------------------------------------------------------------------------------------------------

  /** Listens on a port of all addresses. Returns how to stop; connections stay. Throws where the port is taken. */
  listen(port: number, listener: TcpListener): () => void {
    if (this.#listeners.has(port)) throw new Error(`TCP port ${port} is taken`);
    this.#listeners.set(port, listener);
    return () => void this.#listeners.delete(port);
  }

  /** Dials; `node` is who a link-local address is of. Returns a way to give up. */
  dial({ remote, localAddress, localPort, security }: DialOptions, events: DialEvents, node?: string): () => void {
    const { ip, timers } = this.around;
    const source = localAddress ?? ip.sourceFor(remote.address, node);
    const port = source === undefined ? undefined : (localPort ?? this.#freePort(source, remote, node));
    if (source === undefined || port === undefined) {
      const reason = source === undefined ? `there is no way to ${remote.address}` : 'no port is free';
      return timers.clock.defer(() => events.failed(reason));
    }
    const socket = this.#socket({ address: source, port }, remote, node, security, undefined);
    if (!socket) return timers.clock.defer(() => events.failed('the connection is there already'));
    this.#pending.set(socket, { dial: events });
    // Not before the caller has what it gives up by.
    const cancel = timers.clock.defer(() => socket.post({ type: 'open' }));
    return () => {
      cancel();
      if (this.#pending.delete(socket)) socket.abort();
    };
  }

  /** Ends every connection with a reset. */
  close(): void {
    for (const socket of [...this.#sockets.values()]) socket.abort();
    this.#listeners.clear();
  }

  /** Keys or hops changed: connections that are there take over new keys of the kind that they have. */
  rekey(securityOf: (remote: string, node: string | undefined) => ConnectionSecurity | undefined): void {
    for (const socket of this.#sockets.values()) {
      const security = securityOf(socket.remote.address, socket.place.node);
      if (security) socket.place.authentication?.rekey(security);
    }
  }

  // --- In --------------------------------------------------------------------------------------------------------------

  receive({ source, destination, hopLimit, payload, node }: IpDatagram): undefined {
    this.counters.received++;
    if (payload.length < TCP) {
      this.counters.malformed++;
      return;
    }
    const socket = this.#sockets.get(keyOf(destination, u16(payload, 2), source, u16(payload, 0), node));
    const remote = parseAddress(source);
    const local = parseAddress(destination);
    if (!isTcp(payload, remote, local)) {
      this.counters.malformed++;
      return;
    }
    const segment = decodeTcp(payload);
    if (socket) {
      const { authentication } = socket.place;
      const fault = tooFar(hopLimit, socket.security)
        ? 'too-far-away'
        : authentication
          ? authentication.fault(payload, segment)
          : unexpected(segment);
      if (fault) return this.#refuse(destination, source, segment, node, fault);
      if (!this.#reopens(socket, segment)) {
        socket.segment(segment);
        return;
      }
      socket.abort();
    }
    this.#unmatched(segment, payload, { source, destination, hopLimit, node }, local, remote);
  }

  /** What has the ports of a connection of the node's, and so many a second of what has not, or wants to begin one. */
  admits(node: string, b: Uint8Array, at: number, end: number): boolean {
    const begins = end - at < TCP || (b[at + 13] & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
    if (!begins && this.#byNode.get(node)?.ports.has(u32(b, at))) return true;
    if (this.#strangersOf(node).looks.take(this.timers.clock)) return true;
    this.counters.overflows++;
    return false;
  }

  /** Counts no more what nodes send that are gone. */
  forget(gone: (node: string) => boolean): void {
    for (const node of this.#strangers.keys()) if (node !== '' && gone(node)) this.#strangers.delete(node);
  }

  #strangersOf(node: string): { readonly looks: Bucket; readonly resets: Bucket } {
    let strangers = this.#strangers.get(node);
    if (!strangers) {
      const { most } = PORT_LIMITS.resets;
      strangers = { looks: new Bucket(PORT_LIMITS.strangers.most, STRANGERS_AT_ONCE), resets: new Bucket(most, most) };
      this.#strangers.set(node, strangers);
    }
    return strangers;
  }

  /** RFC 9293 §3.10.7.4, RFC 6191: a new connection in the place of one in TIME-WAIT. */
  #reopens({ machine }: TcpSocket, { flags, seq }: TcpSegment): boolean {
    return (
      machine.state === 'time-wait' &&
      (flags & (TcpFlag.syn | TcpFlag.ack | TcpFlag.rst)) === TcpFlag.syn &&
      ahead(seq, machine.expected) > 0
    );
  }

  #unmatched(
    segment: TcpSegment,
    bytes: Uint8Array,
    { source, destination, hopLimit, node }: Arrival,
    local: Uint8Array,
    remote: Uint8Array,
  ): undefined {
    const { flags, sourcePort, targetPort } = segment;
    if ((flags & TcpFlag.rst) !== 0) return;
    const listener = this.#listeners.get(targetPort);
    const security = listener?.security(source, node);
    const ends: Ends = { local, localPort: targetPort, remote, remotePort: sourcePort };
    if (!listener || (flags & (TcpFlag.syn | TcpFlag.ack)) !== TcpFlag.syn) {
      // A segment that could not be one of this peer's is not answered.
      if (tooFar(hopLimit, security)) return;
      if ((flags & (TcpFlag.syn | TcpFlag.ack)) !== 0) this.#resetFor(segment, ends, source, destination, node, security);
      return;
    }
    const authentication = authenticationFor(security, ends);
    const fault = tooFar(hopLimit, security) ? 'too-far-away' : authentication ? authentication.fault(bytes, segment) : unexpected(segment);
    if (fault) return this.#refuse(destination, source, segment, node, fault);
    if (!this.#room(node)) return;
    const socket = this.#socket(
      { address: destination, port: targetPort },
      { address: source, port: sourcePort },
      node,
      security,
      segment,
      authentication,
    );
    if (!socket) return;
    this.#pending.set(socket, { listener });
    socket.accept(segment);
  }

  /** Whether one more connection may come from a node. Of those that are not open the oldest gives way, without a word. */
  #room(node = ''): boolean {
    const own = this.#byNode.get(node);
    if (!own) return true;
    if (own.all.size >= PORT_LIMITS.connections.most) {
      this.counters.overflows++;
      this.around.dropped?.(node, 'too-many-connections');
      return false;
    }
    const [oldest] = own.opening;
    if (own.opening.size >= PORT_LIMITS.halfOpen.most && oldest) {
      this.counters.overflows++;
      this.around.dropped?.(node, 'too-many-half-open');
      this.timers.forget(oldest);
      this.gone(oldest);
    }
    return true;
  }

  #refuse(local: string, remote: string, { sourcePort }: TcpSegment, node: string | undefined, fault: SecurityFault): undefined {
    this.counters.refused++;
    this.around.dropped?.(node ?? '', 'unauthenticated');
    if (this.#reports.take(this.timers.clock)) this.around.refused({ local, remote, port: sourcePort, node, fault });
  }

  /** RFC 9293 §3.10.7.1: what belongs to no connection is answered with a reset. */
  #resetFor(
    { seq, ack, flags, payload }: TcpSegment,
    ends: Ends,
    source: string,
    destination: string,
    node: string | undefined,
    security: ConnectionSecurity | undefined,
  ): void {
    if (!this.#strangersOf(node ?? '').resets.take(this.timers.clock)) {
      this.around.withheld?.(node ?? '');
      return;
    }
    this.counters.resets++;
    const length = payload.length + ((flags & TcpFlag.syn) !== 0 ? 1 : 0) + ((flags & TcpFlag.fin) !== 0 ? 1 : 0);
    const known = (flags & TcpFlag.ack) !== 0;
    const segment: OutgoingSegment = {
      seq: known ? ack : 0,
      ack: known ? 0 : add(seq, length),
      flags: known ? TcpFlag.rst : TcpFlag.rst | TcpFlag.ack,
      window: 0,
      payload: NOTHING,
    };
    // With TCP-AO the keys of a connection that is gone are gone too (RFC 5925 §7.7): none is sent then.
    if (security?.ao) return;
    const authentication = authenticationFor(security, ends);
    const bytes = encodeTcp(segment, ends.localPort, ends.remotePort, authentication?.reserved ?? 0);
    authentication?.sign(bytes, TCP);
    checksumTcp(bytes, ends.local, ends.remote);
    this.#send(destination, source, node, security, bytes);
  }

  error({ source, destination, node, mtu, reason, payload }: IpError, _now: Millis): boolean {
    const socket = this.#sockets.get(keyOf(source, u16(payload, 0), destination, u16(payload, 2), node));
    const seq = u32(payload, 4);
    if (!socket?.machine.underWay(seq)) return false;
    socket.post(mtu === undefined ? { type: 'unreachable', reason, seq } : { type: 'narrow', mtu, seq });
    return true;
  }

  // --- Sockets ---------------------------------------------------------------------------------------------------------

  #socket(
    local: { readonly address: string; readonly port: number },
    remote: { readonly address: string; readonly port: number },
    node: string | undefined,
    security: ConnectionSecurity | undefined,
    syn: TcpSegment | undefined,
    given?: ReturnType<typeof authenticationFor>,
  ): TcpSocket | undefined {
    const key = keyOf(local.address, local.port, remote.address, remote.port, node);
    if (this.#sockets.has(key)) return undefined;
    const ends: Ends = {
      local: parseAddress(local.address),
      localPort: local.port,
      remote: parseAddress(remote.address),
      remotePort: remote.port,
    };
    const authentication = given ?? authenticationFor(security, ends);
    const machine = new TcpConnection({
      config: this.#config,
      ...this.#numbers.for(ends, this.timers.clock.now()),
      ipHeader: ends.local.length === 4 ? IPV4 : IPV6,
      reserved: authentication?.reserved ?? 0,
      mtu: this.around.ip.pathMtu(remote.address, node),
      ...(syn ? { syn } : {}),
    });
    const socket = new TcpSocket(machine, { key, ends, local, remote, node, authentication }, security, this);
    this.#sockets.set(key, socket);
    const own = this.#byNode.get(node ?? '') ?? { all: new Set(), opening: new Set(), ports: new Map() };
    this.#byNode.set(node ?? '', own);
    own.all.add(socket);
    const ports = portsOf(remote.port, local.port);
    own.ports.set(ports, (own.ports.get(ports) ?? 0) + 1);
    if (syn) own.opening.add(socket);
    return socket;
  }

  established(socket: TcpSocket): void {
    const pending = this.#pending.get(socket);
    this.#pending.delete(socket);
    this.#byNode.get(socket.place.node ?? '')?.opening.delete(socket);
    socket.owned = true;
    pending?.listener?.accepted(socket, socket.place.node);
    pending?.dial?.connected(socket);
  }

  failed(socket: TcpSocket, reason: string): void {
    const pending = this.#pending.get(socket);
    this.#pending.delete(socket);
    pending?.dial?.failed(reason);
  }

  gone(socket: TcpSocket): void {
    this.#pending.delete(socket);
    const { key, local, remote, node = '' } = socket.place;
    if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
    const own = this.#byNode.get(node);
    if (!own?.all.delete(socket)) return;
    own.opening.delete(socket);
    const ports = portsOf(remote.port, local.port);
    const others = (own.ports.get(ports) ?? 1) - 1;
    if (others > 0) own.ports.set(ports, others);
    else own.ports.delete(ports);
    if (own.all.size === 0) this.#byNode.delete(node);
  }

  #freePort(source: string, remote: { readonly address: string; readonly port: number }, node: string | undefined): number | undefined {
    const start = Math.floor(this.around.random() * PORTS);
    for (let i = 0; i < PORTS; i++) {
      const port = FIRST_PORT + ((start + i) % PORTS);
      if (!this.#sockets.has(keyOf(source, port, remote.address, remote.port, node))) return port;
    }
    return undefined;
  }

  // --- Out -------------------------------------------------------------------------------------------------------------

  transmit(socket: TcpSocket, segment: OutgoingSegment): void {
    const { place, security } = socket;
    const { ends, authentication, local, remote, node } = place;
    const bytes = encodeTcp(segment, ends.localPort, ends.remotePort, authentication?.reserved ?? 0);
    authentication?.sign(bytes, TCP + optionsLength(segment));
    checksumTcp(bytes, ends.local, ends.remote);
    // The node may have moved to a port that takes less.
    if (segment.payload.length > 536) {
      const mtu = this.around.ip.pathMtu(remote.address, node);
      if (bytes.length + (ends.local.length === 4 ? IPV4 : IPV6) > mtu) {
        socket.post({ type: 'narrow', mtu, seq: segment.seq });
        return;
      }
    }
    this.#send(local.address, remote.address, node, security, bytes);
  }

  #send(
    source: string,
    destination: string,
    node: string | undefined,
    security: ConnectionSecurity | undefined,
    payload: Uint8Array,
  ): void {
    this.counters.sent++;
    this.around.ip.send({
      source,
      destination,
      protocol: Protocol.tcp,
      hopLimit: security?.hops === undefined ? HOP_LIMIT : MOST_HOPS,
      trafficClass: TRAFFIC_CLASS,
      dontFragment: true,
      payload,
      ...(node === undefined ? {} : { node }),
    });
  }
}

const NOTHING = new Uint8Array(0);

function portsOf(remote: number, local: number): number {
  return remote * 0x1_0000 + local;
}

/** What tells connections apart. Link-local addresses are each link's own, so the node is part of it; else a node may move. */
function keyOf(local: string, localPort: number, remote: string, remotePort: number, node: string | undefined): string {
  const scope = /^fe[89ab]/.test(remote) ? (node ?? '') : '';
  return `${local} ${localPort} ${remote} ${remotePort} ${scope}`;
}

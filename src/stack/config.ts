/** What a port is configured with. Plain JSON, as the YAML file. */
import type { Port } from './port.js';

/** A port: where a node is attached. Which fields belong to which type is said with each. @public */
export interface PortConfig {
  /** What a node's `location` says. Unique among the router's ports. */
  readonly name: string;
  /**
   * - `vxlan`: a tunnel over UDP (RFC 7348), told from others by the far end's address and the VNI. Linux's own vxlan device is the other end.
   * - `stream`: QEMU's `-netdev stream`: frames with a 4-octet length before each, over a UNIX or TCP socket.
   * - `dgram`: QEMU's `-netdev dgram`: a frame a UDP datagram.
   * - `tap`: a TAP device of the host (Linux; needs koffi and the right to make one).
   * - `memory`: a port that the program gives, by `ports` of the router's options.
   */
  readonly type: 'vxlan' | 'stream' | 'dgram' | 'tap' | 'memory';
  /** Octets that a frame may carry. Default 1450 for `vxlan` (1430 over IPv6), else 1500. */
  readonly mtu?: number;
  /** `vxlan`, `dgram`: the host's address to receive on. `stream`: to listen at. */
  readonly address?: string;
  /**
   * `vxlan`: default 4789. `dgram`, `stream`: the port to receive on. VXLAN tunnels of one address and port share a socket, and what its queue
   * cannot hold is lost to all of them: where guests may flood a socket that is not `batched`, give each a port.
   */
  readonly port?: number;
  /** `vxlan`: the far end (VTEP). `dgram`: whither. `stream`: the address to dial, in place of listening. */
  readonly remote?: string;
  /** `vxlan`: default: the same as `port`. `dgram`, `stream`: the far end's port. */
  readonly remotePort?: number;
  /** `vxlan`: the network identifier, 0 to 16777215. */
  readonly vni?: number;
  /**
   * `vxlan`: with batched system calls, which are over four times quicker and take Linux on 64 bits and koffi (`NATIVE_MISSING` where they cannot
   * be had), or without them. Default: with them where they can be had and libuv's pool has more than one thread; a link's `batched` says which
   * it is. All such sockets of a thread keep one
   * thread of libuv's pool waiting.
   *
   * Tunnels of one address and port share a socket. Those that leave this open take what the others say, which must agree (`PORT_IN_USE`): one
   * that says something else than what it finds has the socket replaced under those that leave it open, and frames that come meanwhile are
   * lost. When it goes, the socket stays as it is.
   */
  readonly batched?: boolean;
  /** `stream`: a UNIX socket to listen at, in place of an address. */
  readonly path?: string;
  /** `tap`: the device's name. */
  readonly device?: string;
  /** A file that every frame of the port is written to, both ways, as pcapng. Default: none. */
  readonly capture?: string;
}

/** Opens ports: the host's side, as `io/` has it. @public */
export interface PortOpener {
  /**
   * Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `DEVICE_UNAVAILABLE`, `FILE_UNREADABLE`).
   *
   * @param captureFailed - Told once, where the port's `capture` cannot be written any more: frames pass all the same.
   */
  open(config: PortConfig, captureFailed?: (reason: string) => void): Promise<Port>;
}

/**
 * Octets that a frame may carry where nothing is said: 1500, less what VXLAN puts around the frame (RFC 7348 §5) in IPv4 or IPv6.
 *
 * @internal
 */
export function mtuOf({ type, address = '', mtu }: Pick<PortConfig, 'type' | 'address' | 'mtu'>): number {
  if (mtu !== undefined) return mtu;
  return type !== 'vxlan' ? 1500 : address.includes(':') ? 1430 : 1450;
}

import { mtuOf, type PortConfig } from '../stack/config.js';
import type { Port } from '../stack/port.js';
import { VxlanSocket } from './vxlan-socket.js';

/** IANA's. */
const VXLAN_PORT = 4789;

/**
 * VXLAN (RFC 7348) over UDP sockets, batched or plain. All tunnels of one local address and port share a socket.
 *
 * @internal
 */
export class VxlanSockets {
  readonly #sockets = new Map<string, VxlanSocket>();

  /** Rejects with a `UsageError` (`PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `NATIVE_MISSING`). */
  open(config: PortConfig): Promise<Port> {
    const { address = '0.0.0.0', port = VXLAN_PORT, remote = '', remotePort = port, vni = 0, batched } = config;
    const key = `${address} port ${port}`;
    const known = this.#sockets.get(key);
    const socket: VxlanSocket = known ?? new VxlanSocket(address, port, () => this.#closed(key, socket));
    this.#sockets.set(key, socket);
    return socket.open({ remote, remotePort, vni, mtu: mtuOf(config), batched });
  }

  #closed(key: string, socket: VxlanSocket): void {
    if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
  }
}

import type { PortConfig, PortOpener } from '../stack/config.js';
import type { Port } from '../stack/port.js';
import { DatagramPort, StreamPort } from './qemu.js';
import { TapPort } from './tap.js';
import { TeePort } from './tee.js';
import { VxlanSockets } from './vxlan.js';

/** Ports of the host: VXLAN, QEMU's sockets, TAP devices. @public */
export class NodePorts implements PortOpener {
  readonly #vxlan = new VxlanSockets();

  async open(config: PortConfig, captureFailed?: (reason: string) => void): Promise<Port> {
    const port = await this.#open(config);
    return config.capture === undefined ? port : TeePort.open(port, config.capture, captureFailed);
  }

  #open(config: PortConfig): Promise<Port> {
    switch (config.type) {
      case 'vxlan':
        return this.#vxlan.open(config);
      case 'stream':
        return StreamPort.open(config);
      case 'dgram':
        return DatagramPort.open(config);
      case 'tap':
        return TapPort.open(config);
      case 'memory':
        return Promise.reject(new Error("a memory port is the program's to give"));
    }
  }
}

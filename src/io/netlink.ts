import type { Libc } from './libc.js';

/** What the kernel says of its interfaces and their addresses (rtnetlink(7)). Its numbers are in the host's byte order, little-endian here. */
const AF_NETLINK = 16;
const SOCK_RAW = 3 | 0o4000 | 0o2000000; // non-blocking, closed on exec
const Message = { newLink: 16, delLink: 17, getLink: 18, newAddress: 20, delAddress: 21, getAddress: 22 } as const;
const Group = { link: 0x1, ipv4Address: 0x10, ipv6Address: 0x100 } as const;
const REQUEST = 0x1;
const DUMP = 0x300;
const LinkAttribute = { name: 3, mtu: 4 } as const;
const AddressAttribute = { address: 1, local: 2 } as const;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
/** Octets of the heads of messages: `nlmsghdr`, and after it `ifinfomsg` or `ifaddrmsg`. */
const HEAD = 16;
const LINK_HEAD = 16;
const ADDRESS_HEAD = 8;
/** Octets that a message, or many of them, may have at once. */
const ROOM = 262_144;

/** An interface of the host. */
export interface HostInterface {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  /** It has a carrier and is switched on. */
  readonly up: boolean;
  readonly addresses: readonly { readonly bytes: Uint8Array; readonly length: number }[];
}

/** The host's interfaces, as the kernel tells them and goes on telling what changes. */
export class HostInterfaces {
  readonly fd: number;
  readonly #links = new Map<number, Omit<HostInterface, 'addresses'>>();
  readonly #addresses = new Map<number, { readonly bytes: Uint8Array; readonly length: number }[]>();
  readonly #buffer = new Uint8Array(ROOM);

  constructor(private readonly c: Libc) {
    this.fd = c.socket(AF_NETLINK, SOCK_RAW, 0);
    if (this.fd < 0) throw new Error(`no netlink socket: errno ${c.errno()}`);
    const address = new DataView(new ArrayBuffer(12));
    address.setUint16(0, AF_NETLINK, true);
    address.setUint32(8, Group.link | Group.ipv4Address | Group.ipv6Address, true);
    if (c.bind(this.fd, new Uint8Array(address.buffer), 12) < 0) throw new Error(`no netlink: errno ${c.errno()}`);
    this.#dump(Message.getLink);
    this.#dump(Message.getAddress);
  }

  named(name: string): HostInterface | undefined {
    for (const link of this.#links.values()) {
      if (link.name === name) return { ...link, addresses: this.#addresses.get(link.index) ?? [] };
    }
    return undefined;
  }

  /** Reads what the kernel has told since; to be called when the descriptor is readable. */
  read(): void {
    for (;;) {
      const length = this.c.read(this.fd, this.#buffer, ROOM);
      if (length <= 0) return;
      this.#take(new DataView(this.#buffer.buffer, 0, length));
    }
  }

  close(): void {
    this.c.close(this.fd);
  }

  /** Asks for all there is. The kernel has the answer ready before the call returns, in as many messages as are read one after another. */
  #dump(type: number): void {
    const request = new DataView(new ArrayBuffer(HEAD + LINK_HEAD));
    request.setUint32(0, HEAD + LINK_HEAD, true);
    request.setUint16(4, type, true);
    request.setUint16(6, REQUEST | DUMP, true);
    if (this.c.write(this.fd, new Uint8Array(request.buffer), HEAD + LINK_HEAD) < 0) throw new Error(`netlink: errno ${this.c.errno()}`);
    this.read();
  }

  #take(messages: DataView): void {
    for (let at = 0; at + HEAD <= messages.byteLength; ) {
      const length = messages.getUint32(at, true);
      if (length < HEAD || at + length > messages.byteLength) return;
      const type = messages.getUint16(at + 4, true);
      const body = new DataView(messages.buffer, messages.byteOffset + at + HEAD, length - HEAD);
      if (type === Message.newLink || type === Message.delLink) this.#link(body, type === Message.newLink);
      else if (type === Message.newAddress || type === Message.delAddress) this.#address(body, type === Message.newAddress);
      at += (length + 3) & ~3;
    }
  }

  #link(body: DataView, there: boolean): void {
    const index = body.getInt32(4, true);
    if (!there) {
      this.#links.delete(index);
      this.#addresses.delete(index);
      return;
    }
    const up = IFF_UP | IFF_RUNNING;
    const found = attributes(body, LINK_HEAD);
    const name = found.get(LinkAttribute.name);
    const mtu = found.get(LinkAttribute.mtu);
    this.#links.set(index, {
      index,
      name: name ? new TextDecoder().decode(name).replace(/\0.*$/, '') : '',
      mtu: mtu ? new DataView(mtu.buffer, mtu.byteOffset).getUint32(0, true) : 1500,
      up: (body.getUint32(8, true) & up) === up,
    });
  }

  #address(body: DataView, there: boolean): void {
    const length = body.getUint8(1);
    const index = body.getUint32(4, true);
    const found = attributes(body, ADDRESS_HEAD);
    // On point-to-point interfaces the one is ours and the other the neighbour's; elsewhere IPv6 has the latter alone.
    const bytes = (found.get(AddressAttribute.local) ?? found.get(AddressAttribute.address))?.slice();
    if (!bytes) return;
    const others = (this.#addresses.get(index) ?? []).filter((one) => one.bytes.join() !== bytes.join());
    this.#addresses.set(index, there ? [...others, { bytes, length }] : others);
  }
}

function attributes(body: DataView, from: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= body.byteLength; ) {
    const length = body.getUint16(at, true);
    if (length < 4 || at + length > body.byteLength) break;
    found.set(body.getUint16(at + 2, true), new Uint8Array(body.buffer, body.byteOffset + at + 4, length - 4));
    at += (length + 3) & ~3;
  }
  return found;
}

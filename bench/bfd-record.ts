/**
 * What BFD packets there were at a router, as the kernel saw them: who of two was silent before a session ended, the guest, the
 * router, or nobody. A false alarm is the router's own fault only in the last two cases.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeControl } from '../src/bfd/wire/packet.js';
import { readPcap } from '../src/capture/index.js';
import { formatAddress } from '../src/lib/address.js';
import type { Host, Lab } from './lab.js';

/** Ethernet, IPv4 without options, UDP, a control packet without authentication. */
const CAPTURED = 14 + 20 + 8 + 24;
const IP = 14;
const CONTROL = IP + 20 + 8;

/** Who was silent for as long as the other may expect of it. */
export type Silent = 'guest' | 'router' | 'nobody';

/** Of one session that ended. */
export interface Verdict {
  readonly silent: Silent;
  /** Milliseconds since the epoch: when the longer silence began. */
  readonly since: number;
  readonly story: string;
}

interface Packet {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** A recording in a router's namespace. */
export class BfdRecord {
  readonly #lab: Lab;
  readonly #recorder: ChildProcess;
  readonly #file: string;

  constructor(lab: Lab, router: Host) {
    this.#lab = lab;
    this.#file = join(lab.folder, 'bfd.pcap');
    const options = ['-i', 'eth0', '-n', '-Z', 'root', '-B', '16384', '-s', String(CAPTURED), '-w', this.#file];
    this.#recorder = lab.spawn(router, ['tcpdump', ...options, 'udp', 'port', '3784']);
  }

  /** Ends the recording, and has its packets. */
  async read(): Promise<BfdPackets> {
    const ended = new Promise((resolve) => this.#recorder.once('exit', resolve));
    this.#lab.interrupt(this.#recorder);
    await ended;
    return new BfdPackets(readFileSync(this.#file));
  }
}

/** Recorded BFD control packets over IPv4, in the order of their time. */
export class BfdPackets {
  readonly #packets: readonly Packet[];

  constructor(pcap: Uint8Array) {
    const packets: Packet[] = [];
    for (const frame of readPcap(pcap)) {
      if ('damage' in frame || frame.bytes.length < CAPTURED) continue;
      const address = (at: number): string => formatAddress(frame.bytes.subarray(IP + at, IP + at + 4));
      packets.push({ at: frame.time * 1000, from: address(12), to: address(16), bytes: frame.bytes.subarray(CONTROL) });
    }
    this.#packets = packets;
  }

  /**
   * Who was silent when a session ended.
   *
   * @param at - Milliseconds since the epoch at which a third peer heard of it.
   * @param expected - Milliseconds that a side may be silent.
   */
  before(guest: string, router: string, at: number, expected: number): Verdict {
    const near = this.#packets.filter((packet) => packet.at > at - 1000 && packet.at <= at + 5);
    const ways = { guest: { from: guest, to: router }, router: { from: router, to: guest } } as const;
    // The first word that the session is over, from either side, ends what matters.
    const both = near.filter(({ from, to }) => (from === guest && to === router) || (from === router && to === guest));
    const fall = both.find((packet, i) => !isUp(packet) && both.slice(0, i).some((one) => one.from === packet.from && isUp(one)));
    const end = fall?.at ?? at;
    const longest = (way: { readonly from: string; readonly to: string }): number => {
      const times = both.filter(({ from, at: then }) => from === way.from && then <= end).map((packet) => packet.at);
      return Math.max(0, ...[...times, end].map((time, i, all) => (i === 0 ? 0 : time - (all[i - 1] ?? time))));
    };
    const silences = { guest: longest(ways.guest), router: longest(ways.router) };
    const silent: Silent = silences.guest >= expected ? 'guest' : silences.router >= expected ? 'router' : 'nobody';
    const said = fall ? describe(fall) : 'no word of it in BFD';
    return {
      silent,
      since: end - Math.max(silences.guest, silences.router),
      story: `${guest}: silent for ${silences.guest.toFixed(1)} ms, the router towards it for ${silences.router.toFixed(1)} ms; ${fall?.from ?? ''} ${said}`,
    };
  }
}

function isUp({ bytes }: Packet): boolean {
  const packet = decodeControl(bytes);
  return typeof packet !== 'string' && packet.state === 'up';
}

function describe({ bytes }: Packet): string {
  const packet = decodeControl(bytes);
  return typeof packet === 'string' ? packet : `says ${packet.state} (${packet.diagnostic})`;
}

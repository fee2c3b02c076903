/**
 * What BFD packets there were at a router, as the kernel saw them: whose fault it was that a session ended, the guest's or the router's.
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

/** Who was silent for longer than it may be, or deaf to what was said in time; nobody, if BFD did not end the session. */
export type Fault = 'guest' | 'router' | 'nobody';
/** Milliseconds that are looked at before a session ended. */
const LOOK = 2000;

/** Of one session that ended. */
export interface Verdict {
  readonly fault: Fault;
  /** Milliseconds since the epoch: when the silence began. */
  readonly since: number;
  readonly story: string;
}

interface Packet {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** What it says of the session. */
  readonly up: boolean;
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
      packets.push({ at: frame.time * 1000, from: address(12), to: address(16), up: isUp(frame.bytes.subarray(CONTROL)) });
    }
    this.#packets = packets;
  }

  /**
   * Whose fault it was that a session ended.
   *
   * @param at - Milliseconds since the epoch at which a third peer heard of it.
   * @param allowed - Milliseconds that a side may be silent.
   */
  judge(guest: string, router: string, at: number, allowed: number): Verdict {
    const between = this.#packets.filter(
      ({ at: then, from, to }) =>
        then > at - LOOK && then <= at + 5 && ((from === guest && to === router) || (from === router && to === guest)),
    );
    const fell = firstWordOfTheLastFall(between);
    const fall = between[fell];
    if (!fall) return { fault: 'nobody', since: at, story: `${guest}: BFD did not end` };
    const other = fall.from === guest ? router : guest;
    const last = between.slice(0, fell).findLast(({ from }) => from === other);
    const silence = last ? fall.at - last.at : LOOK;
    const silent = silence >= allowed;
    return {
      // Who does not hear what was said in time is at fault itself.
      fault: (fall.from === guest) === silent ? 'router' : 'guest',
      since: fall.at - silence,
      story: `${guest}: ${fall.from === guest ? 'it' : 'the router'} gave up the other, ${silent ? '' : 'not '}silent for ${silence.toFixed(1)} ms`,
    };
  }
}

/** Where one side first says that it is up no longer, of the last time that this happened; -1 if it did not. */
function firstWordOfTheLastFall(packets: readonly Packet[]): number {
  const up = new Map<string, boolean>();
  let [fell, from] = [-1, ''];
  for (const [i, packet] of packets.entries()) {
    // The other one says so too a moment later: that is the same fall.
    if (!packet.up && up.get(packet.from) && (from === '' || from === packet.from || up.get(from))) {
      fell = i;
      from = packet.from;
    }
    up.set(packet.from, packet.up);
  }
  return fell;
}

function isUp(bytes: Uint8Array): boolean {
  const packet = decodeControl(bytes);
  return typeof packet !== 'string' && packet.state === 'up';
}

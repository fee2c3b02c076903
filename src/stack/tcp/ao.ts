import { sameDigest } from '../../lib/digest.js';
import type { AoAlgorithm, ConnectionSecurity, MasterKey } from '../../lib/transport.js';
import { put16, put32, u32 } from '../wire/octets.js';
import { pseudoHeader, TCP, TcpFlag, TcpOption, type TcpSegment } from '../wire/tcp.js';
import { mac, trafficKey } from './ao-keys.js';
import type { Authentication, Ends, SecurityFault } from './authentication.js';
import { ahead } from './sequence.js';

/** Octets of the option and of the MAC in it: both algorithms of RFC 5926 give 96 bits. */
const OPTION = 16;
const MAC = 12;

/** Sequence numbers of one direction, with what they have lost by wrapping (RFC 5925 §6.2). */
class ExtendedSequence {
  #latest = 0;
  #wraps = 0;

  begin(isn: number): void {
    this.#latest = isn;
    this.#wraps = 0;
  }
  /** How often the numbers had wrapped when `seq` was sent. */
  wraps(seq: number): number {
    const distance = ahead(seq, this.#latest);
    if (distance >= 0 && seq < this.#latest) return this.#wraps + 1;
    return distance < 0 && seq > this.#latest ? Math.max(0, this.#wraps - 1) : this.#wraps;
  }
  saw(seq: number): void {
    if (ahead(seq, this.#latest) <= 0) return;
    this.#wraps = this.wraps(seq);
    this.#latest = seq;
  }
}

/**
 * TCP-AO (RFC 5925). Keys for the traffic of each direction are made of the master keys and both ends' initial sequence numbers; with which
 * one we send is for the other end to say, by the RNextKeyID of what it sends.
 *
 * @internal
 */
export class AoAuthentication implements Authentication {
  readonly reserved = OPTION;
  #keys: readonly MasterKey[];
  /** What we send with, and what we would be sent with (RFC 5925 §3.3: current_key and rnext_key). */
  #current: MasterKey;
  #next: MasterKey;
  readonly #sent = new ExtendedSequence();
  readonly #received = new ExtendedSequence();
  #localIsn: number | undefined;
  #remoteIsn: number | undefined;
  /** Traffic keys, made once. */
  readonly #made = new Map<string, Uint8Array>();

  constructor(
    keys: readonly [MasterKey, ...MasterKey[]] | readonly MasterKey[],
    private readonly ends: Ends,
  ) {
    const [first] = keys;
    if (!first) throw new Error('TCP-AO without a key');
    this.#keys = keys;
    this.#current = first;
    this.#next = first;
  }

  /** Key in use, for those who show it. */
  get current(): { readonly sendId: number; readonly wanted: number } {
    return { sendId: this.#current.sendId, wanted: this.#next.receiveId };
  }

  rekey({ ao = [] }: ConnectionSecurity): void {
    const [first] = ao;
    if (!first) return;
    this.#keys = ao;
    this.#next = first;
    // The one in use stays until the other end asks for another; if it is no more, there is nothing to wait for.
    this.#current = ao.find(({ sendId }) => sendId === this.#current.sendId) ?? first;
    this.#made.clear();
  }

  sign(b: Uint8Array, at: number): void {
    const seq = u32(b, 4);
    const flags = b[13];
    if ((flags & TcpFlag.syn) !== 0) {
      this.#localIsn = seq;
      this.#sent.begin(seq);
    }
    const key = this.#current;
    b[at] = TcpOption.ao;
    b[at + 1] = OPTION;
    b[at + 2] = key.sendId;
    b[at + 3] = this.#next.receiveId;
    const traffic = this.#traffic(key, false, isFirst(flags), this.#remoteIsn ?? 0);
    b.set(this.#mac(key, traffic, b, at, this.#sent.wraps(seq), this.ends.local, this.ends.remote), at + 4);
    this.#sent.saw(seq);
  }

  fault(b: Uint8Array, { seq, flags, options }: TcpSegment): SecurityFault | undefined {
    const { ao } = options;
    if (!ao) return options.md5 === undefined ? 'ao-missing' : 'md5-unexpected';
    if (ao.length !== MAC || options.twice) return 'ao-mismatch';
    const key = this.#keys.find(({ receiveId }) => receiveId === ao.keyId);
    if (!key) return 'ao-unknown-key';
    const syn = (flags & TcpFlag.syn) !== 0;
    // A SYN brings the number that the keys are made of; it is believed once its MAC is right.
    const remoteIsn = syn ? seq : (this.#remoteIsn ?? 0);
    const wraps = syn ? 0 : this.#received.wraps(seq);
    const traffic = this.#traffic(key, true, isFirst(flags), remoteIsn);
    const right = this.#mac(key, traffic, b, ao.at - 4, wraps, this.ends.remote, this.ends.local);
    if (!sameDigest(right, b.subarray(ao.at, ao.at + MAC))) return 'ao-mismatch';
    if (syn && this.#remoteIsn === undefined) {
      this.#remoteIsn = seq;
      this.#received.begin(seq);
    }
    this.#received.saw(seq);
    // RFC 5925 §7.5, step 3 g: the other end says what to send with.
    if (ao.nextKeyId !== this.#current.sendId) {
      const asked = this.#keys.find(({ sendId }) => sendId === ao.nextKeyId);
      if (asked) this.#current = asked;
    }
    return undefined;
  }

  /** RFC 5925 §5.2: of a first SYN the number of the other end is not known. */
  #traffic(key: MasterKey, received: boolean, first: boolean, remoteIsn: number): Uint8Array {
    const localIsn = this.#localIsn ?? 0;
    const name = `${key.sendId} ${received} ${first} ${remoteIsn} ${localIsn}`;
    const known = this.#made.get(name);
    if (known) return known;
    const { local, localPort, remote, remotePort } = this.ends;
    const made = received
      ? trafficKey(key, context(remote, local, remotePort, localPort, remoteIsn, first ? 0 : localIsn))
      : trafficKey(key, context(local, remote, localPort, remotePort, localIsn, first ? 0 : remoteIsn));
    // Forged SYNs make keys too: these are not kept.
    if (this.#made.size >= 4 * this.#keys.length) this.#made.clear();
    this.#made.set(name, made);
    return made;
  }

  /** RFC 5925 §5.1: sequence number extension, pseudo-header, header and options with MAC and checksum zero, data. */
  #mac(
    { algorithm, coverOptions }: { readonly algorithm: AoAlgorithm; readonly coverOptions: boolean },
    traffic: Uint8Array,
    b: Uint8Array,
    at: number,
    wraps: number,
    source: Uint8Array,
    target: Uint8Array,
  ): Uint8Array {
    const extension = new Uint8Array(4);
    put32(extension, 0, wraps);
    const end = (b[12] >>> 4) * 4;
    const header = b.slice(0, end);
    header[16] = header[17] = 0;
    header.fill(0, at + 4, at + 4 + MAC);
    const covered = coverOptions ? [header] : [header.subarray(0, TCP), header.subarray(at, at + OPTION)];
    return mac(algorithm, traffic, [extension, pseudoHeader(source, target, b.length), ...covered, b.subarray(end)]);
  }
}

function isFirst(flags: number): boolean {
  return (flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
}

/** RFC 5925 §5.2: what tells one connection's keys from another's. */
function context(
  source: Uint8Array,
  target: Uint8Array,
  sourcePort: number,
  targetPort: number,
  sourceIsn: number,
  targetIsn: number,
): Uint8Array {
  const size = source.length;
  const b = new Uint8Array(2 * size + 12);
  b.set(source, 0);
  b.set(target, size);
  put16(b, 2 * size, sourcePort);
  put16(b, 2 * size + 2, targetPort);
  put32(b, 2 * size + 4, sourceIsn);
  put32(b, 2 * size + 8, targetIsn);
  return b;
}

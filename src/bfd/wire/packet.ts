import { ByteReader, ByteWriter } from '../../lib/bytes.js';
import { authenticate, type BfdAuthentication, decodeAuthentication } from './authentication.js';
import { type BfdDiagnostic, type BfdState, Bit, DIAGNOSTICS, STATES } from './codes.js';

/** A BFD Control packet (RFC 5880 §4.1). Intervals are microseconds, as on the wire. @public */
export interface ControlPacket {
  readonly diagnostic: BfdDiagnostic;
  readonly state: BfdState;
  readonly poll: boolean;
  readonly final: boolean;
  readonly controlPlaneIndependent: boolean;
  readonly demand: boolean;
  readonly multiplier: number;
  readonly myDiscriminator: number;
  readonly yourDiscriminator: number;
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
  readonly requiredMinEchoRx: number;
  /** Its authentication section. Whether that is genuine is for those to say who know the key. */
  readonly authentication?: BfdAuthentication;
}

/** Why a packet is dropped (RFC 5880 §6.8.6, in its order). @public */
export type BfdDrop =
  | 'short'
  | 'version'
  | 'length'
  | 'multiplier-zero'
  | 'multipoint'
  | 'my-discriminator-zero'
  | 'your-discriminator-zero'
  | 'authentication';

const VERSION = 1;
/** Octets of the mandatory section: where authentication begins. @internal */
export const SIZE = 24;
/** The first two octets of an authentication section are its type and length. */
const WITH_AUTHENTICATION = 26;

/** The packet in a datagram, or why it is dropped. @internal */
export function decodeControl(bytes: Uint8Array): ControlPacket | BfdDrop {
  if (bytes.length < SIZE) return 'short';
  const r = new ByteReader(bytes);
  const first = r.u8();
  const second = r.u8();
  const multiplier = r.u8();
  const length = r.u8();
  if (first >>> 5 !== VERSION) return 'version';
  const authenticated = (second & Bit.authentication) !== 0;
  if (length < (authenticated ? WITH_AUTHENTICATION : SIZE) || length > bytes.length) return 'length';
  if (multiplier === 0) return 'multiplier-zero';
  if ((second & Bit.multipoint) !== 0) return 'multipoint';
  const myDiscriminator = r.u32();
  if (myDiscriminator === 0) return 'my-discriminator-zero';
  const yourDiscriminator = r.u32();
  const state = STATES[second >>> 6] as BfdState; // two bits, four states
  if (yourDiscriminator === 0 && state !== 'down' && state !== 'admin-down') return 'your-discriminator-zero';
  const authentication = authenticated ? decodeAuthentication(bytes.subarray(SIZE, length)) : undefined;
  if (authenticated && !authentication) return 'authentication';
  return {
    // Numbers that are not known yet say no more than that it is down.
    diagnostic: DIAGNOSTICS[first & 31] ?? 'none',
    state,
    poll: (second & Bit.poll) !== 0,
    final: (second & Bit.final) !== 0,
    controlPlaneIndependent: (second & Bit.controlPlaneIndependent) !== 0,
    demand: (second & Bit.demand) !== 0,
    multiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTx: r.u32(),
    requiredMinRx: r.u32(),
    requiredMinEchoRx: r.u32(),
    ...(authentication ? { authentication } : {}),
  };
}

/** `key` is for packets with `authentication`. @internal */
export function encodeControl(packet: ControlPacket, key?: Uint8Array): Uint8Array {
  const w = new ByteWriter();
  w.u8((VERSION << 5) | DIAGNOSTICS.indexOf(packet.diagnostic));
  w.u8(
    (STATES.indexOf(packet.state) << 6) |
      (packet.poll ? Bit.poll : 0) |
      (packet.final ? Bit.final : 0) |
      (packet.controlPlaneIndependent ? Bit.controlPlaneIndependent : 0) |
      (packet.demand ? Bit.demand : 0),
  );
  w.u8(packet.multiplier);
  w.u8(SIZE);
  w.u32(packet.myDiscriminator);
  w.u32(packet.yourDiscriminator);
  w.u32(packet.desiredMinTx);
  w.u32(packet.requiredMinRx);
  w.u32(packet.requiredMinEchoRx);
  const bytes = w.finish();
  return packet.authentication && key ? authenticate(bytes, packet.authentication, key, Bit.authentication) : bytes;
}

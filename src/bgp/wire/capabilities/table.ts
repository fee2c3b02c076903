import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { asNumber, indexOfWord, U16, U24, unsigned } from '../../../lib/unsigned.js';
import { CapabilityCode } from '../codes.js';
import { type FamilyName, familyName, familyNumbers } from '../family.js';
import { decodeUtf8, encodeUtf8 } from '../text.js';
import type { Capability, Role } from './values.js';

/** A capability of one type. */
type Of<T extends Capability['type']> = Extract<Capability, { readonly type: T }>;

/** Everything there is to know about one capability. @internal */
export interface CapabilityRow<C extends Capability> {
  readonly code: number;
  /** Whether a value can have this many octets; another one is malformed (RFC 4271 §6.2). */
  fits(length: number): boolean;
  /** The capability, or undefined where the value means nothing: it is then kept as an unknown one. */
  decode(value: ByteReader): C | undefined;
  encode(to: ByteWriter, capability: C): void;
}

type Table = { readonly [T in Exclude<Capability['type'], 'unknown'>]: CapabilityRow<Of<T>> };

const exactly =
  (length: number) =>
  (given: number): boolean =>
    given === length;
const multipleOf =
  (size: number, after = 0) =>
  (given: number): boolean =>
    given >= after && (given - after) % size === 0;

function readFamily(value: ByteReader): FamilyName {
  return familyName(value.u16(), value.u8());
}
function writeFamily(to: ByteWriter, family: FamilyName): ByteWriter {
  const [afi, safi] = familyNumbers(family);
  return to.u16(afi).u8(safi);
}

/** Reads entries until the value ends. */
function all<T>(value: ByteReader, read: (value: ByteReader) => T): T[] {
  const list: T[] = [];
  while (value.remaining > 0) list.push(read(value));
  return list;
}

/** A capability that says all by being there. */
function flag<T extends 'route-refresh' | 'extended-message' | 'enhanced-route-refresh' | 'bfd-strict-mode'>(
  code: number,
  type: T,
): CapabilityRow<{ readonly type: T } & Of<T>> {
  return { code, fits: exactly(0), decode: () => ({ type }) as { readonly type: T } & Of<T>, encode: () => {} }; // it has no other field
}

const ROLES: readonly Role[] = ['provider', 'route-server', 'route-server-client', 'customer', 'peer'];
const RESTARTED = 0x8;
const NOTIFICATION = 0x4;
const FORWARDING = 0x80;
const RECEIVE = 1;
const SEND = 2;

/** The capabilities known here. To add one: a member of `Capability`, and a row. @internal */
export const capabilities: Table = {
  // RFC 4760 §8: AFI, a reserved octet, SAFI.
  multiprotocol: {
    code: CapabilityCode.multiprotocol,
    fits: exactly(4),
    decode: (value) => ({ type: 'multiprotocol', family: familyName(value.u16(), value.skip(1).u8()) }),
    encode(to, { family }) {
      const [afi, safi] = familyNumbers(family);
      to.u16(afi).u8(0).u8(safi);
    },
  },
  'route-refresh': flag(CapabilityCode.routeRefresh, 'route-refresh'),
  // RFC 8950 §4: here the SAFI takes two octets.
  'extended-next-hop': {
    code: CapabilityCode.extendedNextHop,
    fits: multipleOf(6),
    decode: (value) => ({
      type: 'extended-next-hop',
      entries: all(value, () => ({ family: familyName(value.u16(), value.u16()), nextHopAfi: value.u16() })),
    }),
    encode(to, { entries }) {
      for (const { family, nextHopAfi } of entries) {
        const [afi, safi] = familyNumbers(family, U16);
        to.u16(afi).u16(safi).u16(unsigned(nextHopAfi, U16));
      }
    },
  },
  'extended-message': flag(CapabilityCode.extendedMessage, 'extended-message'),
  // RFC 9234 §4.1.
  role: {
    code: CapabilityCode.role,
    fits: exactly(1),
    decode(value) {
      const role = ROLES[value.u8()];
      return role ? { type: 'role', role } : undefined;
    },
    encode: (to, { role }) => to.u8(indexOfWord(ROLES, role)),
  },
  // RFC 4724 §3, RFC 8538 §2: four flags and twelve bits of seconds, then families.
  'graceful-restart': {
    code: CapabilityCode.gracefulRestart,
    fits: multipleOf(4, 2),
    decode(value) {
      const head = value.u16();
      return {
        type: 'graceful-restart',
        restarted: ((head >> 12) & RESTARTED) !== 0,
        notification: ((head >> 12) & NOTIFICATION) !== 0,
        restartTime: head & 0xfff,
        families: all(value, () => ({ family: readFamily(value), forwarding: (value.u8() & FORWARDING) !== 0 })),
      };
    },
    encode(to, { restarted, notification, restartTime, families }) {
      to.u16((((restarted ? RESTARTED : 0) | (notification ? NOTIFICATION : 0)) << 12) | unsigned(restartTime, 0xfff));
      for (const { family, forwarding } of families) writeFamily(to, family).u8(forwarding ? FORWARDING : 0);
    },
  },
  // RFC 6793 §3.
  'four-octet-as': {
    code: CapabilityCode.fourOctetAs,
    fits: exactly(4),
    decode: (value) => ({ type: 'four-octet-as', asn: value.u32() }),
    encode: (to, { asn }) => to.u32(asNumber(asn)),
  },
  // RFC 7911 §4: an entry that is neither to send nor to receive is ignored, with all there is beside it.
  'add-path': {
    code: CapabilityCode.addPath,
    fits: multipleOf(4),
    decode(value) {
      const entries = all(value, () => ({ family: readFamily(value), mode: value.u8() }));
      if (entries.some(({ mode }) => mode < 1 || mode > 3)) return undefined;
      return {
        type: 'add-path',
        families: entries.map(({ family, mode }) => ({ family, send: (mode & SEND) !== 0, receive: (mode & RECEIVE) !== 0 })),
      };
    },
    encode(to, { families }) {
      for (const { family, send, receive } of families) writeFamily(to, family).u8((send ? SEND : 0) | (receive ? RECEIVE : 0));
    },
  },
  'enhanced-route-refresh': flag(CapabilityCode.enhancedRouteRefresh, 'enhanced-route-refresh'),
  'bfd-strict-mode': flag(CapabilityCode.bfdStrictMode, 'bfd-strict-mode'),
  // RFC 9494 §3.
  'long-lived-graceful-restart': {
    code: CapabilityCode.longLivedGracefulRestart,
    fits: multipleOf(7),
    decode: (value) => ({
      type: 'long-lived-graceful-restart',
      families: all(value, () => ({ family: readFamily(value), forwarding: (value.u8() & FORWARDING) !== 0, staleTime: value.u24() })),
    }),
    encode(to, { families }) {
      for (const { family, forwarding, staleTime } of families) {
        writeFamily(to, family)
          .u8(forwarding ? FORWARDING : 0)
          .u24(unsigned(staleTime, U24));
      }
    },
  },
  // draft-walton-bgp-hostname-capability: both names with a length before them. Only shown, so one that does not add up is no error.
  fqdn: {
    code: CapabilityCode.fqdn,
    fits: () => true,
    decode(value) {
      const host = readName(value);
      const domain = host === undefined ? undefined : readName(value);
      return host === undefined || domain === undefined || value.remaining > 0 ? undefined : { type: 'fqdn', host, domain };
    },
    encode: (to, { host, domain }) => writeName(writeName(to, host, 255 - 2), domain, 255 - 2 - encodeUtf8(host, 255 - 2).length),
  },
  // draft-abraitis-bgp-version-capability: some put a length before the text, some do not. Only shown.
  'software-version': {
    code: CapabilityCode.softwareVersion,
    fits: () => true,
    decode(value) {
      const version = readName(value);
      return version === undefined || value.remaining > 0 ? undefined : { type: 'software-version', version };
    },
    encode: (to, { version }) => writeName(to, version, 255 - 1),
  },
};

/** Rows by code. @internal */
export const capabilityByCode: ReadonlyMap<number, CapabilityRow<Capability>> = new Map(
  Object.values(capabilities).map((row) => [row.code, row]),
);

function readName(value: ByteReader): string | undefined {
  const length = value.remaining > 0 ? value.u8() : 1;
  return length > value.remaining ? undefined : decodeUtf8(value.take(length));
}

function writeName(to: ByteWriter, text: string, limit: number): ByteWriter {
  const bytes = encodeUtf8(text, limit);
  return to.u8(bytes.length).raw(bytes);
}

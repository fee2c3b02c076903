import type { FamilyName } from '../family.js';

/** RFC 9234 §4.1. @public */
export type Role = 'provider' | 'route-server' | 'route-server-client' | 'customer' | 'peer';

/** What an OPEN says its sender can do. @public */
export type Capability =
  /** RFC 4760 §8. */
  | { readonly type: 'multiprotocol'; readonly family: FamilyName }
  /** RFC 2918. */
  | { readonly type: 'route-refresh' }
  /** RFC 8950 §4. */
  | { readonly type: 'extended-next-hop'; readonly entries: readonly ExtendedNextHopEntry[] }
  /** RFC 8654. */
  | { readonly type: 'extended-message' }
  /** RFC 9234 §4.1. */
  | { readonly type: 'role'; readonly role: Role }
  /** RFC 4724 §3, RFC 8538 §2. */
  | {
      readonly type: 'graceful-restart';
      /** The sender has restarted (bit R). */
      readonly restarted: boolean;
      /** It takes NOTIFICATIONs for graceful too (bit N, RFC 8538). */
      readonly notification: boolean;
      /** Seconds, 0 to 4,095. */
      readonly restartTime: number;
      readonly families: readonly { readonly family: FamilyName; readonly forwarding: boolean }[];
    }
  /** RFC 6793 §3. */
  | { readonly type: 'four-octet-as'; readonly asn: number }
  /** RFC 7911 §4. */
  | { readonly type: 'add-path'; readonly families: readonly AddPathEntry[] }
  /** RFC 7313 §3.1. */
  | { readonly type: 'enhanced-route-refresh' }
  /** RFC 9494 §3. */
  | {
      readonly type: 'long-lived-graceful-restart';
      /** `staleTime` in seconds, 24 bits. */
      readonly families: readonly { readonly family: FamilyName; readonly forwarding: boolean; readonly staleTime: number }[];
    }
  /** draft-walton-bgp-hostname-capability. */
  | { readonly type: 'fqdn'; readonly host: string; readonly domain: string }
  /** draft-ietf-idr-bgp-bfd-strict-mode §5. */
  | { readonly type: 'bfd-strict-mode' }
  /** draft-ietf-idr-bgp-software-version. */
  | { readonly type: 'software-version'; readonly version: string }
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array };

/** @public */
export interface ExtendedNextHopEntry {
  readonly family: FamilyName;
  /** Address family number of the next hop. */
  readonly nextHopAfi: number;
}

/** What the sender can do with several paths of a family. @public */
export interface AddPathEntry {
  readonly family: FamilyName;
  readonly send: boolean;
  readonly receive: boolean;
}

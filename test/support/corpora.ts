/** BGP of other implementations' test data and captures, where the variable VIRTUAL_ROUTER_CORPORA names the folder that holds it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const folder = process.env.VIRTUAL_ROUTER_CORPORA ?? '';
export const available = folder !== '';

/** Those who have vectors of BGP. */
export const VECTOR_FOLDERS = ['frr', 'gobgp', 'bio-rd', 'routecore', 'nexthop-bgp', 'bgpcep', 'bird', 'scapy'] as const;

/** Octets, and what their owner's test says becomes of them. */
export interface Vector {
  readonly id: string;
  readonly protocol?: string;
  readonly kind: string;
  readonly hex: string;
  readonly expect: string;
  readonly code?: number;
  readonly subcode?: number;
  readonly derived_update_hex?: string;
  readonly session?: { readonly asn4?: boolean; readonly peer?: string; readonly add_path?: string };
}

export function vectors(name: (typeof VECTOR_FOLDERS)[number]): readonly Vector[] {
  const file: { readonly vectors: readonly Vector[] } = JSON.parse(readFileSync(join(folder, name, 'vectors.json'), 'utf8'));
  return file.vectors.filter(({ protocol }) => protocol === 'bgp');
}

/** Messages lifted out of a capture; the type is also UNSYNCED, TRUNCATED or BADLEN, of what is no whole message. */
export interface CaptureMessages {
  /** Folder and file. */
  readonly name: string;
  readonly messages: readonly { readonly type: string; readonly hex: string }[];
}

/** Captures that have any BGP, of the folders that have messages lifted out of them. */
export function captures(): readonly CaptureMessages[] {
  return (available ? readdirSync(folder, { withFileTypes: true }) : [])
    .filter((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).includes('messages.json.gz'))
    .flatMap(({ name }) => {
      const all: Readonly<Record<string, { readonly bgp?: CaptureMessages['messages'] }>> = JSON.parse(
        gunzipSync(readFileSync(join(folder, name, 'messages.json.gz'))).toString(),
      );
      return Object.entries(all).map(([capture, { bgp = [] }]) => ({ name: `${name}/${capture}`, messages: bgp }));
    })
    .filter(({ messages }) => messages.length > 0);
}

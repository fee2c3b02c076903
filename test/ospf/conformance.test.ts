/**
 * Routes held to those that another implementation worked out of the same databases: recorded topologies of several areas, point-to-point
 * and broadcast links, stub areas. Only where `VIRTUAL_ROUTER_CORPORA` names the folder of recordings.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/lib/address.js';
import { maskBytes } from '../../src/lib/prefix.js';
import { OspfInstance } from '../../src/ospf/instance.js';
import { StoredLsa } from '../../src/ospf/lsa.js';
import { Neighbour } from '../../src/ospf/neighbour.js';
import { AREA_DEFAULTS, INSTANCE_DEFAULTS, INTERFACE_DEFAULTS } from '../../src/ospf/options.js';
import { encodeLsa, type LsaBody, LsTypeV2, maskedPrefix, type RouterLink, word } from '../../src/ospf/wire/index.js';
import { tableOf } from './support/table-of.js';

interface RecordedLsa {
  readonly type: string;
  readonly id: string;
  readonly adv: string;
  readonly bits?: readonly string[];
  readonly links?: readonly { readonly id: string; readonly data: string; readonly type: string; readonly metric: number }[];
  readonly mask?: string;
  readonly metric?: number;
  readonly routers?: readonly string[];
}
interface RecordedCase {
  readonly id: string;
  readonly router_id: string;
  readonly configured_areas: {
    readonly area: readonly {
      readonly 'area-id': string;
      readonly 'area-type'?: string;
      readonly summary?: boolean;
      readonly 'virtual-links'?: unknown;
      readonly interfaces?: { readonly interface: readonly { readonly name: string; readonly 'interface-type'?: string }[] };
    }[];
  };
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly ifindex: Readonly<Record<string, number>>;
  readonly areas: readonly {
    readonly area: string;
    readonly lsdb: readonly RecordedLsa[];
    readonly interfaces: readonly {
      readonly name: string;
      readonly state: string;
      readonly 'dr-ip-addr'?: string;
      readonly neighbors: readonly { readonly 'neighbor-router-id': string; readonly address: string; readonly state: string }[];
    }[];
  }[];
  readonly expected_rib: readonly {
    readonly prefix: string;
    readonly metric: number;
    readonly type: string;
    readonly nexthops: readonly { readonly if: string; readonly via?: string | null }[];
  }[];
}

const quad = (text: string): number => word(parseAddress(text));
const TYPES: Readonly<Record<string, number>> = { router: LsTypeV2.router, network: LsTypeV2.network, 'network-summary': LsTypeV2.summary };

function bodyOf(lsa: RecordedLsa): LsaBody | undefined {
  const prefix = lsa.mask === undefined ? undefined : maskedPrefix(quad(lsa.id), quad(lsa.mask));
  switch (lsa.type) {
    case 'router':
      return {
        type: 'router',
        areaBorder: lsa.bits?.includes('abr-bit') ?? false,
        asBoundary: lsa.bits?.includes('asbr-bit') ?? false,
        virtualEnd: false,
        nssaTranslator: false,
        options: 2,
        links: (lsa.links ?? []).flatMap(linkOf),
      };
    case 'network':
      return { type: 'network', prefix, options: 2, routers: (lsa.routers ?? []).map(quad) };
    case 'network-summary':
      return prefix && { type: 'summary', prefix, prefixOptions: 0, metric: lsa.metric ?? 0 };
    default:
      return undefined;
  }
}

function linkOf(link: { readonly id: string; readonly data: string; readonly type: string; readonly metric: number }): RouterLink[] {
  const { metric } = link;
  switch (link.type) {
    case 'point-to-point':
      return [{ type: 'point-to-point', metric, neighbour: quad(link.id), interfaceId: quad(link.data), neighbourInterfaceId: 0 }];
    case 'transit-network':
      return [{ type: 'transit', metric, neighbour: 0, interfaceId: quad(link.data), neighbourInterfaceId: quad(link.id) }];
    default: {
      const prefix = maskedPrefix(quad(link.id), quad(link.data));
      return prefix ? [{ type: 'stub', metric, prefix }] : [];
    }
  }
}

/** The router as it was recorded: its interfaces, who is adjacent, and its databases. */
function replay(recorded: RecordedCase): OspfInstance {
  const machine = new OspfInstance({
    ...INSTANCE_DEFAULTS,
    version: 2,
    family: 'ipv4',
    routerId: quad(recorded.router_id),
    areas: recorded.configured_areas.area.map((area) => ({
      ...AREA_DEFAULTS,
      id: quad(area['area-id']),
      type: area['area-type']?.includes('stub') ? 'stub' : 'normal',
      summaries: area.summary ?? true,
    })),
  });
  const now = 1_000_000;
  for (const area of recorded.areas) {
    const configured = recorded.configured_areas.area.find((one) => one['area-id'] === area.area);
    for (const one of area.interfaces) {
      const [own] = recorded.addresses[one.name] ?? [];
      const [address = '0.0.0.0', length = '32'] = (own ?? '').split('/');
      const type = configured?.interfaces?.interface.find(({ name }) => name === one.name)?.['interface-type'];
      const bytes = parseAddress(address);
      machine.handle(
        {
          type: 'interfaceAdded',
          options: {
            ...INTERFACE_DEFAULTS,
            name: one.name,
            area: quad(area.area),
            type: type === 'point-to-point' || one.state === 'loopback' ? 'point-to-point' : 'broadcast',
            passive: one.state === 'loopback',
            address: bytes,
            nextHop: bytes,
            forwarding: bytes,
            maskLength: Number(length),
            prefixes: [{ bytes: maskBytes(bytes, Number(length)), length: Number(length) }],
            interfaceId: recorded.ifindex[one.name] ?? 0,
          },
        },
        now,
      );
      machine.handle({ type: 'interfaceUp', interface: one.name }, now);
      const made = machine.interfaces.get(one.name);
      if (!made) throw new Error(`no interface ${one.name}`);
      const designated = one['dr-ip-addr'];
      if (designated !== undefined) {
        made.state = one.state === 'bdr' ? 'backup' : one.state === 'dr' ? 'dr' : 'dr-other';
        made.designatedRouter = quad(designated);
      }
      for (const known of one.neighbors) {
        const neighbour = new Neighbour(made, quad(known['neighbor-router-id']), parseAddress(known.address), quad(known.address));
        neighbour.state = known.state === 'full' ? 'full' : '2-way';
        made.neighbours.set(machine.dialect.neighbourKey(made.options, neighbour.routerId, neighbour.address), neighbour);
      }
    }
    const place = machine.areas.get(quad(area.area))?.database;
    for (const lsa of area.lsdb) {
      const body = bodyOf(lsa);
      if (!body || !place) continue;
      const head = { lsType: TYPES[lsa.type] ?? 0, id: quad(lsa.id), advertisingRouter: quad(lsa.adv), age: 1, options: 2, sequence: 100 };
      const { header, bytes } = encodeLsa(head, body, { version: 2, family: 'ipv4' });
      machine.flooding.install(place, new StoredLsa(header, now, bytes));
    }
  }
  machine.tick(now + 1000);
  return machine;
}

const corpora = process.env.VIRTUAL_ROUTER_CORPORA;
const file = corpora === undefined ? '' : join(corpora, 'holo', 'ospfv2-spf-cases.json.gz');
describe.runIf(existsSync(file))('routes out of recorded databases', () => {
  const { cases } = existsSync(file)
    ? (JSON.parse(gunzipSync(readFileSync(file)).toString()) as { readonly cases: readonly RecordedCase[] })
    : { cases: [] };
  // Virtual links are not done.
  const fit = cases.filter(
    ({ configured_areas, areas }) =>
      configured_areas.area.every((area) => area['virtual-links'] === undefined) &&
      areas.every(({ lsdb }) => lsdb.every(({ links = [] }) => links.every(({ type }) => !type.startsWith('virtual')))),
  );
  test.each(fit.map((one) => [one.id, one] as const))('%s', (_id, recorded) => {
    const expected = recorded.expected_rib.map(({ prefix, metric, type, nexthops }): [string, string] => [
      prefix,
      `${type.replace('-area', '')} ${metric} ${nexthops
        .flatMap(({ if: name, via }) => (via ? [`${name} ${via}`] : []))
        .sort()
        .join(', ')}`,
    ]);
    expect(tableOf(replay(recorded))).toEqual(Object.fromEntries(expected.sort(([x], [y]) => (x < y ? -1 : 1))));
  });
});

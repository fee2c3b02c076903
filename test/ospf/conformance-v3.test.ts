/**
 * OSPFv3's routes held to those that another implementation worked out of the same databases: recorded topologies of several areas,
 * point-to-point and broadcast links, stub areas. Only where `VIRTUAL_ROUTER_CORPORA` names the folder of recordings.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/lib/address.js';
import { parsePrefix } from '../../src/lib/prefix.js';
import { OspfInstance } from '../../src/ospf/instance.js';
import { StoredLsa } from '../../src/ospf/lsa.js';
import { Neighbour } from '../../src/ospf/neighbour.js';
import { AREA_DEFAULTS, INSTANCE_DEFAULTS, INTERFACE_DEFAULTS } from '../../src/ospf/options.js';
import {
  encodeLsa,
  type LinkPrefix,
  type LsaBody,
  LsTypeV3,
  Option,
  PrefixOption,
  type RouterLink,
  word,
} from '../../src/ospf/wire/index.js';
import { tableOf } from './support/table-of.js';

interface RecordedPrefix {
  readonly prefix: string;
  readonly metric?: number;
  readonly 'prefix-options'?: { readonly 'prefix-options': readonly string[] };
}
interface RecordedLink {
  readonly type: string;
  readonly metric: number;
  readonly 'interface-id': number;
  readonly 'neighbor-interface-id': number;
  readonly 'neighbor-router-id': string;
}
interface Options {
  readonly 'lsa-options': readonly string[];
}
interface RecordedBody {
  readonly router?: {
    readonly 'router-bits'?: { readonly 'rtr-lsa-bits': readonly string[] };
    readonly 'lsa-options': Options;
    readonly links: { readonly link?: readonly RecordedLink[] };
  };
  readonly network?: { readonly 'lsa-options': Options; readonly 'attached-routers': { readonly 'attached-router': readonly string[] } };
  readonly 'inter-area-prefix'?: RecordedPrefix;
  readonly 'intra-area-prefix'?: {
    readonly 'referenced-ls-type': string;
    readonly 'referenced-link-state-id': number;
    readonly 'referenced-adv-router': string;
    readonly prefixes?: { readonly prefix: readonly RecordedPrefix[] };
  };
}
interface RecordedLsa {
  readonly 'lsa-id': string;
  readonly 'adv-router': string;
  readonly ospfv3: { readonly body?: RecordedBody };
}
interface RecordedInterface {
  readonly name: string;
  readonly state: string;
  readonly 'interface-id': number;
  readonly 'dr-router-id'?: string;
  readonly neighbors?: {
    readonly neighbor: readonly { readonly 'neighbor-router-id': string; readonly address: string; readonly state: string }[];
  };
  readonly database?: {
    readonly 'link-scope-lsa-type': readonly { readonly 'link-scope-lsas': { readonly 'link-scope-lsa': readonly RecordedLsa[] } }[];
  };
}
interface RecordedOspf {
  readonly 'router-id': string;
  readonly 'local-rib': {
    readonly route: readonly {
      readonly prefix: string;
      readonly metric: number;
      readonly 'route-type': string;
      readonly 'next-hops'?: { readonly 'next-hop': readonly { readonly 'outgoing-interface': string; readonly 'next-hop'?: string }[] };
    }[];
  };
  readonly areas: {
    readonly area: readonly {
      readonly 'area-id': string;
      readonly 'virtual-links'?: unknown;
      readonly interfaces?: { readonly interface: readonly RecordedInterface[] };
      readonly database: {
        readonly 'area-scope-lsa-type'?: readonly {
          readonly 'lsa-type': number;
          readonly 'area-scope-lsas': { readonly 'area-scope-lsa': readonly RecordedLsa[] };
        }[];
      };
    }[];
  };
}
interface Tree {
  readonly 'ietf-routing:routing': {
    readonly 'control-plane-protocols': { readonly 'control-plane-protocol': readonly { readonly 'ietf-ospf:ospf': unknown }[] };
  };
}
interface ConfiguredAreas {
  readonly areas: { readonly area: readonly { readonly 'area-id': string; readonly 'area-type'?: string; readonly summary?: boolean }[] };
}
interface Recording {
  readonly topologies: Readonly<
    Record<string, { readonly routers: Readonly<Record<string, { readonly config: Tree; readonly state: Tree }>> }>
  >;
}

const ospfOf = (tree: Tree): unknown =>
  tree['ietf-routing:routing']['control-plane-protocols']['control-plane-protocol'][0]?.['ietf-ospf:ospf'];
const quad = (text: string): number => word(parseAddress(text));
const BITS: Readonly<Record<string, number>> = { 'v6-bit': Option.v6, 'e-bit': Option.e, 'r-bit': Option.r, 'af-bit': Option.af };
const optionsOf = ({ 'lsa-options': bits }: Options): number => bits.reduce((sum, bit) => sum | (BITS[bit] ?? 0), 0);

function prefixOf({ prefix, metric = 0, 'prefix-options': marks }: RecordedPrefix): LinkPrefix {
  const local = marks?.['prefix-options'].includes('la-bit') ? PrefixOption.localAddress : 0;
  return { prefix: parsePrefix(prefix), options: local, metric };
}

function linkOf(link: RecordedLink): RouterLink {
  return {
    type: link.type === 'transit-network-link' ? 'transit' : 'point-to-point',
    metric: link.metric,
    interfaceId: link['interface-id'],
    neighbour: quad(link['neighbor-router-id']),
    neighbourInterfaceId: link['neighbor-interface-id'],
  };
}

function bodyOf(body: RecordedBody): LsaBody | undefined {
  if (body.router) {
    return {
      type: 'router',
      areaBorder: body.router['router-bits']?.['rtr-lsa-bits'].includes('abr-bit') ?? false,
      asBoundary: false,
      virtualEnd: false,
      nssaTranslator: false,
      options: optionsOf(body.router['lsa-options']),
      links: (body.router.links.link ?? []).map(linkOf),
    };
  }
  if (body.network) {
    const routers = body.network['attached-routers']['attached-router'].map(quad);
    return { type: 'network', prefix: undefined, options: optionsOf(body.network['lsa-options']), routers };
  }
  const inter = body['inter-area-prefix'];
  if (inter) {
    const { prefix, options: prefixOptions, metric } = prefixOf(inter);
    return { type: 'summary', prefix, prefixOptions, metric };
  }
  const intra = body['intra-area-prefix'];
  if (!intra) return undefined;
  const referenced = {
    lsType: intra['referenced-ls-type'] === 'ospfv3-network-lsa' ? LsTypeV3.network : LsTypeV3.router,
    id: intra['referenced-link-state-id'],
    advertisingRouter: quad(intra['referenced-adv-router']),
  };
  return { type: 'intra-area-prefix', referenced, prefixes: (intra.prefixes?.prefix ?? []).map(prefixOf) };
}

/** The router as it was recorded: its interfaces, who is adjacent, and its databases. */
function replay(recorded: RecordedOspf, configured: ConfiguredAreas): OspfInstance {
  const machine = new OspfInstance({
    ...INSTANCE_DEFAULTS,
    version: 3,
    family: 'ipv6',
    routerId: quad(recorded['router-id']),
    areas: configured.areas.area.map((area) => ({
      ...AREA_DEFAULTS,
      id: quad(area['area-id']),
      type: area['area-type']?.includes('stub') ? 'stub' : 'normal',
      summaries: area.summary ?? true,
    })),
  });
  const now = 1_000_000;
  for (const area of recorded.areas.area) {
    const id = quad(area['area-id']);
    const lsas = (area.database['area-scope-lsa-type'] ?? []).flatMap(({ 'lsa-type': lsType, 'area-scope-lsas': list }) =>
      list['area-scope-lsa'].map((lsa) => ({ lsType, lsa })),
    );
    const own = lsas.find(({ lsa }) => lsa['adv-router'] === recorded['router-id'] && lsa.ospfv3.body?.router)?.lsa.ospfv3.body?.router;
    for (const one of area.interfaces?.interface ?? []) {
      const cost = own?.links.link?.find((link) => link['interface-id'] === one['interface-id'])?.metric ?? INTERFACE_DEFAULTS.cost;
      const designated = one['dr-router-id'];
      const address = parseAddress('fe80::1');
      machine.handle(
        {
          type: 'interfaceAdded',
          options: {
            ...INTERFACE_DEFAULTS,
            name: one.name,
            area: id,
            type: designated === undefined ? 'point-to-point' : 'broadcast',
            passive: one.state === 'loopback',
            cost,
            address,
            nextHop: address,
            forwarding: undefined,
            maskLength: 64,
            prefixes: [],
            interfaceId: one['interface-id'],
          },
        },
        now,
      );
      machine.handle({ type: 'interfaceUp', interface: one.name }, now);
      const made = machine.interfaces.get(one.name);
      if (!made) throw new Error(`no interface ${one.name}`);
      if (designated !== undefined) {
        made.state = one.state === 'bdr' ? 'backup' : one.state === 'dr' ? 'dr' : 'dr-other';
        made.designatedRouter = quad(designated);
      }
      const ofLink = (one.database?.['link-scope-lsa-type'] ?? []).flatMap(({ 'link-scope-lsas': list }) => list['link-scope-lsa']);
      for (const known of one.neighbors?.neighbor ?? []) {
        const router = quad(known['neighbor-router-id']);
        const neighbour = new Neighbour(made, router, parseAddress(known.address), router);
        neighbour.state = known.state === 'full' ? 'full' : '2-way';
        // A link LSA has its originator's number of the interface.
        neighbour.interfaceId = quad(ofLink.find((lsa) => lsa['adv-router'] === known['neighbor-router-id'])?.['lsa-id'] ?? '0.0.0.0');
        made.neighbours.set(router, neighbour);
      }
    }
    const place = machine.areas.get(id)?.database;
    for (const { lsType, lsa } of lsas) {
      const body = lsa.ospfv3.body && bodyOf(lsa.ospfv3.body);
      if (!body || !place) continue;
      const head = { lsType, id: quad(lsa['lsa-id']), advertisingRouter: quad(lsa['adv-router']), age: 1, options: 0, sequence: 100 };
      const { header, bytes } = encodeLsa(head, body, { version: 3, family: 'ipv6' });
      machine.flooding.install(place, new StoredLsa(header, now, bytes));
    }
  }
  machine.tick(now + 1000);
  return machine;
}

const corpora = process.env.VIRTUAL_ROUTER_CORPORA;
const file = corpora === undefined ? '' : join(corpora, 'holo', 'ospfv3-topologies.json.gz');
describe.runIf(existsSync(file))('OSPFv3: routes out of recorded databases', () => {
  const { topologies } = existsSync(file)
    ? (JSON.parse(gunzipSync(readFileSync(file)).toString()) as Recording)
    : ({ topologies: {} } satisfies Recording);
  const cases = Object.entries(topologies).flatMap(([topology, { routers }]) => {
    const all = Object.entries(routers).map(([name, { state, config }]) => ({
      name: `${topology} ${name}`,
      state: ospfOf(state) as RecordedOspf,
      config: ospfOf(config) as ConfiguredAreas,
    }));
    // Virtual links are not done.
    return all.some(({ state }) => state.areas.area.some((area) => area['virtual-links'] !== undefined)) ? [] : all;
  });
  test.each(cases.map((one) => [one.name, one] as const))('%s', (_name, { state, config }) => {
    const expected = state['local-rib'].route.map(({ prefix, metric, 'route-type': type, 'next-hops': hops }): [string, string] => [
      prefix,
      `${type.replace('-area', '')} ${metric} ${(hops?.['next-hop'] ?? [])
        .flatMap(({ 'outgoing-interface': name, 'next-hop': via }) => (via === undefined ? [] : [`${name} ${via}`]))
        .sort()
        .join(', ')}`,
    ]);
    expect(expected.length).toBeGreaterThan(0);
    expect(tableOf(replay(state, config))).toEqual(Object.fromEntries(expected.sort(([x], [y]) => (x < y ? -1 : 1))));
  });
});

import { compilePolicy, type Policy, type PolicyContext } from '../../../bgp/policy/index.js';
import { decodeCanonical } from '../../../bgp/wire/index.js';
import type { Feed } from '../../../claims/feed.js';
import { defaultPrefix, type Prefix, parsePrefix, prefixWords } from '../../../lib/prefix.js';
import type { ExternalRoute, RouteKey } from '../../../ospf/index.js';
import { routeKey } from '../../../ospf/index.js';
import type { Rib } from '../../../rib/rib.js';
import type { OriginateConfig } from '../../config.js';
import type { OspfExportConfig } from '../../ospf-config.js';

/** Externals unless told otherwise: as routers have it that redistribute. */
const DEFAULT_METRIC = 20;
const DEFAULT_METRIC_TYPE = 2;
/** Below LSInfinity (RFC 2328 B). */
const MOST_METRIC = 0xff_fffe;

/** What an export needs to know. @internal */
export interface OspfExportContext {
  readonly family: 'ipv4' | 'ipv6';
  readonly localAs: number;
  /** Named lists for policies. */
  lists(): PolicyContext['lists'];
  /** Whether a claim came by this very OSPF: those who speak it know it already. */
  owns(feed: Feed): boolean;
  tell(changes: readonly ExternalRoute[]): void;
}

/** What the network decides, told as externals. @internal */
export class OspfExport {
  #config: OspfExportConfig = {};
  #policy: Policy | undefined;
  readonly #told = new Map<RouteKey, string>();
  #originate: readonly Prefix[] = [];

  constructor(private readonly context: OspfExportContext) {}

  /** The tag of what we tell; 0 is none. RFC 1403 §2: automatic, complete path of no length, with the AS number where it fits. */
  get tag(): number {
    const { localAs } = this.context;
    return this.#config.tag ?? (localAs <= 0xffff ? (0xd000_0000 | localAs) >>> 0 : 0xd000_0000);
  }

  configure(config: OspfExportConfig, originate: readonly OriginateConfig[], rib: Rib): void {
    this.#config = config;
    const { localAs } = this.context;
    this.#policy = config.rules && compilePolicy(config.rules, { lists: this.context.lists(), localAs, otherwise: 'accept' });
    this.#originate = originate.map(({ prefix }) => parsePrefix(prefix)).filter(({ family }) => family === this.context.family);
    const wanted = new Map<RouteKey, Prefix>();
    for (const key of this.#told.keys()) wanted.set(key, this.#prefixOf.get(key) ?? defaultPrefix(this.context.family));
    const fixed = [...this.#originate, defaultPrefix(this.context.family)];
    for (const prefix of fixed) wanted.set(routeKey(prefix), prefix);
    if (config.claims) for (let id = 0; id < rib.prefixes.limit; id++) if (rib.records.bestOf(id) !== 0) this.#collect(rib, id, wanted);
    this.#tell(rib, wanted.values());
  }
  readonly #prefixOf = new Map<RouteKey, Prefix>();

  /** Prefixes whose winner changed. */
  announce(rib: Rib, prefixes: Uint32Array, count: number): void {
    if (!this.#config.claims && this.#config.default !== 'conditional') return;
    const wanted = new Map<RouteKey, Prefix>();
    for (let i = 0; i < count; i++) this.#collect(rib, prefixes[i] ?? 0, wanted);
    this.#tell(rib, wanted.values());
  }

  #collect(rib: Rib, id: number, into: Map<RouteKey, Prefix>): void {
    const { records: r } = rib;
    const bytes = new Uint8Array(rib.ipv6 ? 16 : 4);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, r.aOf(id));
    if (rib.ipv6) {
      view.setUint32(4, r.bOf(id));
      view.setUint32(8, r.cOf(id));
      view.setUint32(12, r.dOf(id));
    }
    const prefix: Prefix = { family: this.context.family, bytes, length: r.lengthOf(id) };
    into.set(routeKey(prefix), prefix);
  }

  #tell(rib: Rib, prefixes: Iterable<Prefix>): void {
    const changes: ExternalRoute[] = [];
    const { metricType: type = DEFAULT_METRIC_TYPE } = this.#config;
    const { tag } = this;
    for (const prefix of prefixes) {
      const key = routeKey(prefix);
      const value = this.#metricOf(rib, prefix);
      const text = value === undefined ? undefined : `${value} ${type} ${tag}`;
      if (this.#told.get(key) === text) continue;
      if (text !== undefined) {
        this.#told.set(key, text);
        this.#prefixOf.set(key, prefix);
      } else {
        this.#told.delete(key);
        this.#prefixOf.delete(key);
      }
      changes.push({ bytes: prefix.bytes, length: prefix.length, metric: value === undefined ? undefined : { value, type, tag } });
    }
    if (changes.length > 0) this.context.tell(changes);
  }

  /** The metric that a prefix is told with; undefined where it is not. */
  #metricOf(rib: Rib, prefix: Prefix): number | undefined {
    const { default: told, claims, originated, metric = DEFAULT_METRIC } = this.#config;
    if (prefix.length === 0 && told === 'always') return metric;
    if (originated && this.#originate.some((own) => routeKey(own) === routeKey(prefix))) return metric;
    const conditional = prefix.length === 0 && told === 'conditional';
    if (!claims && !conditional) return undefined;
    const id = rib.prefixes.find(...prefixWords(prefix.bytes), prefix.length);
    const row = id < 0 ? -1 : rib.records.bestOf(id) - 1;
    if (row < 0) return undefined;
    const feed = rib.feeds[rib.feedOf(row)] as Feed; // a row's feed outlives it
    if (this.context.owns(feed) || (feed.source === 'initial' && prefix.length > 0)) return undefined;
    return conditional ? metric : this.#judged(rib, row, feed, id, metric);
  }

  /** What the rules make of a claim. */
  #judged(rib: Rib, row: number, feed: Feed, id: number, metric: number): number | undefined {
    if (!this.#policy) return metric;
    const attributes = decodeCanonical(rib.sets.copy(rib.claims.setOutOf(row)));
    const result = this.#policy.evaluate({
      attributes,
      source: feed.source,
      prefix: rib.prefixes.format(id),
      neighbour: feed.label,
      node: rib.model.at(rib.holderOf(row)).name,
    });
    if (result.verdict !== 'accept') return undefined;
    const { med } = result.attributes;
    return med === undefined || med === attributes.med ? metric : Math.min(med, MOST_METRIC);
  }
}

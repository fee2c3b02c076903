import type { Feed } from '../../claims/feed.js';
import { defaultPrefix, type Prefix, parsePrefix, prefixWords } from '../../lib/prefix.js';
import type { ExternalRoute, OspfExportConfig, RouteKey } from '../../ospf/index.js';
import { routeKey } from '../../ospf/index.js';
import type { Rib } from '../../rib/rib.js';
import type { OriginateConfig } from '../config.js';

/** Externals unless told otherwise: as routers have it that redistribute. */
const DEFAULT_METRIC = 20;
const DEFAULT_METRIC_TYPE = 2;

/** What an export needs to know. @internal */
export interface OspfExportContext {
  readonly family: 'ipv4' | 'ipv6';
  readonly localAs: number;
  /** Whether a claim came by this very OSPF: those who speak it know it already. */
  owns(feed: Feed): boolean;
  tell(changes: readonly ExternalRoute[]): void;
}

/** What the network decides, told as externals. @internal */
export class OspfExport {
  #config: OspfExportConfig = {};
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
    this.#originate = originate.map(({ prefix }) => parsePrefix(prefix)).filter(({ family }) => family === this.context.family);
    const wanted = new Map<RouteKey, Prefix>();
    for (const key of this.#told.keys()) wanted.set(key, this.#prefixOf.get(key) ?? defaultPrefix(this.context.family));
    const fixed = [...this.#originate, defaultPrefix(this.context.family)];
    for (const prefix of fixed) wanted.set(routeKey(prefix), prefix);
    if (config.claims) for (let id = 0; id < rib.prefixes.limit; id++) if ((rib.best[id] ?? 0) !== 0) this.#collect(rib, id, wanted);
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
    const { prefixes: t } = rib;
    const bytes = new Uint8Array(rib.ipv6 ? 16 : 4);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, t.a[id] ?? 0);
    if (rib.ipv6) {
      view.setUint32(4, t.b[id] ?? 0);
      view.setUint32(8, t.c[id] ?? 0);
      view.setUint32(12, t.d[id] ?? 0);
    }
    const prefix: Prefix = { family: this.context.family, bytes, length: t.length[id] ?? 0 };
    into.set(routeKey(prefix), prefix);
  }

  #tell(rib: Rib, prefixes: Iterable<Prefix>): void {
    const changes: ExternalRoute[] = [];
    const { metric: value = DEFAULT_METRIC, metricType: type = DEFAULT_METRIC_TYPE } = this.#config;
    const metric = { value, type, tag: this.tag };
    const text = `${value} ${type} ${metric.tag}`;
    for (const prefix of prefixes) {
      const key = routeKey(prefix);
      const wanted = this.#wants(rib, prefix);
      if (this.#told.get(key) === (wanted ? text : undefined)) continue;
      if (wanted) {
        this.#told.set(key, text);
        this.#prefixOf.set(key, prefix);
      } else {
        this.#told.delete(key);
        this.#prefixOf.delete(key);
      }
      changes.push({ bytes: prefix.bytes, length: prefix.length, metric: wanted ? metric : undefined });
    }
    if (changes.length > 0) this.context.tell(changes);
  }

  #wants(rib: Rib, prefix: Prefix): boolean {
    const { default: told, claims, originated } = this.#config;
    if (prefix.length === 0 && told === 'always') return true;
    if (originated && this.#originate.some((own) => routeKey(own) === routeKey(prefix))) return true;
    if (!claims && !(prefix.length === 0 && told === 'conditional')) return false;
    const id = rib.prefixes.find(...prefixWords(prefix.bytes), prefix.length);
    const row = id < 0 ? -1 : (rib.best[id] ?? 0) - 1;
    if (row < 0) return false;
    const feed = rib.feeds[rib.feedOf(row)] as Feed; // a row's feed outlives it
    return !this.context.owns(feed) && (feed.source !== 'initial' || prefix.length === 0);
  }
}

import type { Prefix } from '../lib/prefix.js';
import type { ListedLink, VertexKey } from './area.js';
import type { ExternalBody, LsaBody, RouterBody } from './wire/index.js';

/** A prefix that an LSA speaks of. @internal */
export interface AdvertisedPrefix {
  readonly prefix: Prefix;
  /**
   * - `intra`: it lies at a vertex of the area.
   * - `inter`: a border router reaches it.
   * - `external`, `nssa`: a boundary router brings it in.
   */
  readonly kind: 'intra' | 'inter' | 'external' | 'nssa';
  /** The vertex where it lies, or that of the router that reaches it. */
  readonly vertex: VertexKey;
  readonly metric: number;
  readonly metricType: 1 | 2;
  readonly forwarding: Uint8Array | undefined;
  readonly tag: number;
  /** P of a type 7. */
  readonly propagate: boolean;
}

/** What an LSA means to the calculation of routes. @internal */
export interface Meaning {
  /** It lists the links of a vertex. */
  readonly vertex?: { readonly key: VertexKey; readonly kind: number; readonly links: readonly ListedLink[] };
  /** What a router says of itself. */
  readonly router?: Pick<RouterBody, 'areaBorder' | 'asBoundary' | 'nssaTranslator'>;
  readonly prefixes: readonly AdvertisedPrefix[];
  /** A border router reaches a boundary router. */
  readonly boundary?: { readonly router: number; readonly via: number; readonly metric: number };
}

/** A prefix inside the AS. (All of a kind have one shape: a database has hundreds of thousands.) @internal */
export function internal(prefix: Prefix, kind: 'intra' | 'inter', vertex: VertexKey, metric: number): AdvertisedPrefix {
  return { prefix, kind, vertex, metric, metricType: 1, forwarding: undefined, tag: 0, propagate: false };
}

/** A prefix that a router brings in. @internal */
export function external(
  { prefix, type: kind, metric, metricType, forwarding, tag, propagate }: ExternalBody,
  vertex: VertexKey,
): AdvertisedPrefix {
  return { prefix, kind, vertex, metric, metricType, forwarding, tag, propagate };
}

/** What type 4 means. @internal */
export function reached({ router, metric }: Extract<LsaBody, { type: 'asbr-summary' }>, via: number): Meaning {
  return { prefixes: [], boundary: { router, via, metric } };
}

/** What a router says of itself. @internal */
export function roleOf({ areaBorder, asBoundary, nssaTranslator }: RouterBody): NonNullable<Meaning['router']> {
  return { areaBorder, asBoundary, nssaTranslator };
}

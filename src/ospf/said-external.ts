import type { Area, VertexKey } from './area.js';
import { vertexOfRouter } from './dialect.js';
import type { StoredLsa } from './lsa.js';
import type { Advertisement, Way } from './routes.js';

/** Bits above a metric, which has 24. */
const TYPE_2 = 1 << 24;
const PROPAGATE = 1 << 25;

/** An external as an LSA in our database says it (types 5 and 7). There are many, so it has no more than it must. @internal */
export class SaidExternal implements Advertisement {
  way: Way | undefined;
  readonly #metric: number;
  /** Signed, or what is above 2^31 would be an object. */
  readonly #tag: number;

  constructor(
    public lsa: StoredLsa,
    /** Of a type 7: a type 5 is of the whole AS. */
    readonly area: Area | undefined,
    metric: number,
    metricType: 1 | 2,
    readonly forwarding: Uint8Array | undefined,
    tag: number,
    propagate: boolean,
  ) {
    this.#metric = metric | (metricType === 2 ? TYPE_2 : 0) | (propagate ? PROPAGATE : 0);
    this.#tag = tag | 0;
  }

  get kind(): 'external' | 'nssa' {
    return this.area ? 'nssa' : 'external';
  }
  get vertex(): VertexKey {
    return vertexOfRouter(this.lsa.advertisingRouter);
  }
  get metric(): number {
    return this.#metric & (TYPE_2 - 1);
  }
  get metricType(): 1 | 2 {
    return (this.#metric & TYPE_2) === 0 ? 1 : 2;
  }
  get tag(): number {
    return this.#tag >>> 0;
  }
  get propagate(): boolean {
    return (this.#metric & PROPAGATE) !== 0;
  }
}

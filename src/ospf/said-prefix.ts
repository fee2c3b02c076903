import type { Area, VertexKey } from './area.js';
import type { StoredLsa } from './lsa.js';
import type { AdvertisedPrefix } from './meaning.js';
import type { Advertisement, Way } from './routes.js';

/** A prefix as an LSA in our database says it. What is said is what the LSA means, and kept there alone. @internal */
export class SaidPrefix implements Advertisement {
  way: Way | undefined;

  constructor(
    private readonly said: AdvertisedPrefix,
    public lsa: StoredLsa,
    readonly area: Area | undefined,
  ) {}

  get kind(): AdvertisedPrefix['kind'] {
    return this.said.kind;
  }
  get vertex(): VertexKey {
    return this.said.vertex;
  }
  get metric(): number {
    return this.said.metric;
  }
  get metricType(): 1 | 2 {
    return this.said.metricType;
  }
  get forwarding(): Uint8Array | undefined {
    return this.said.forwarding;
  }
  get tag(): number {
    return this.said.tag;
  }
  get propagate(): boolean {
    return this.said.propagate;
  }
}

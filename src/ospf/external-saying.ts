import { bytesEqual } from '../lib/bytes.js';
import type { Area } from './area.js';
import type { StoredLsa } from './lsa.js';
import type { Advertisement } from './routes.js';
import { SaidExternal } from './said-external.js';

/** What an external LSA says (types 5 and 7): its prefix in words, signed, and how it is reached. One is read into again and again. @internal */
export class ExternalSaying {
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  length = 0;
  metric = 0;
  metricType: 1 | 2 = 1;
  forwarding: Uint8Array | undefined;
  tag = 0;
  propagate = false;

  /** Whether it is of the same prefix as another. */
  isOf({ a, b, c, d, length }: ExternalSaying): boolean {
    return this.a === a && this.length === length && this.b === b && this.c === c && this.d === d;
  }

  /** Whether it says the same of its prefix as was said before. */
  isAs({ metric, metricType, tag, propagate, forwarding }: Advertisement): boolean {
    const { forwarding: own } = this;
    const towards = own && forwarding ? bytesEqual(own, forwarding) : own === forwarding;
    return towards && this.metric === metric && this.metricType === metricType && this.tag === tag && this.propagate === propagate;
  }

  /** It as the saying of an LSA: of one of type 7 in its area. */
  by(lsa: StoredLsa, area: Area | undefined): SaidExternal {
    return new SaidExternal(lsa, area, this.metric, this.metricType, this.forwarding, this.tag, this.propagate);
  }
}

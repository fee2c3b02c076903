import { LsaTable } from '../../../src/ospf/columns/lsa-table.js';
import type { StoredLsa } from '../../../src/ospf/lsa.js';
import type { LsaOctets } from '../../../src/ospf/lsa-octets.js';
import type { Meaning } from '../../../src/ospf/meaning.js';
import type { LsaHeader } from '../../../src/ospf/wire/index.js';

/** Octets before which is the age, which each router counts itself. */
const AGE = 2;

/** LSAs and what they mean, kept once for all routers of a simulation: of each LSA the last instances that anybody was told of. */
export class SharedOctets implements LsaOctets {
  chunk: Uint8Array = new Uint8Array(0);
  readonly at = 0;
  readonly #last = new LsaTable<Uint8Array[]>();
  readonly #meanings = new WeakMap<Uint8Array, Meaning | null>();

  keep(header: LsaHeader, octets: Uint8Array, from: number): void {
    const bytes = octets.subarray(from, from + header.length);
    const known = this.#last.get(header) ?? [];
    const same = known.find((other) => isSame(other, bytes));
    if (same) {
      this.chunk = same;
      return;
    }
    this.chunk = bytes.slice();
    this.#last.set(header, [this.chunk, ...known.slice(0, 1)]);
  }

  meaningOf({ octets }: StoredLsa): Meaning | null | undefined {
    return this.#meanings.get(octets);
  }
  learn({ octets }: StoredLsa, meaning: Meaning | null): void {
    this.#meanings.set(octets, meaning);
  }
}

function isSame(x: Uint8Array, y: Uint8Array): boolean {
  if (x.length !== y.length) return false;
  for (let i = AGE; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

import type { OriginState } from '../lib/validation.js';
import { MAX_RECORDS } from './config.js';
import { VrpTable } from './vrp-table.js';
import { type Pdu, RtrError, RtrWireError } from './wire/index.js';

/** A record that a cache announces or withdraws. @internal */
export type Change = Extract<Pdu, { readonly type: 'prefix' | 'aspa' }>;

/** What one cache said, whole. @internal */
export class CacheData {
  readonly ipv4 = new VrpTable(false);
  readonly ipv6 = new VrpTable(true);
  readonly aspas = new Map<number, readonly number[]>();

  /** @param most - Records that are kept at most. */
  constructor(private readonly most: number = MAX_RECORDS) {}

  get vrps(): number {
    return this.ipv4.size + this.ipv6.size;
  }

  /** RFC 6811 §2; `origin` is 0 where there is no one origin. */
  validate(a: number, b: number, c: number, d: number, length: number, ipv6: boolean, origin: number): OriginState {
    return (ipv6 ? this.ipv6 : this.ipv4).validate(a, b, c, d, length, origin);
  }

  /** Takes over one record. Throws an {@link RtrWireError}, and changes nothing then. */
  apply(change: Change): void {
    if (change.type === 'aspa') {
      if (change.announce) {
        if (!this.aspas.has(change.customer)) this.#room();
        this.aspas.set(change.customer, change.providers);
      } else if (!this.aspas.delete(change.customer)) throw unknownRecord();
      return;
    }
    const { announce, ipv6, a, b, c, d, length, maxLength, asn } = change;
    const table = ipv6 ? this.ipv6 : this.ipv4;
    if (announce) {
      this.#room();
      if (!table.add(a, b, c, d, length, maxLength, asn))
        throw new RtrWireError(RtrError.duplicateAnnouncement, 'a record was announced that is there already');
    } else if (!table.remove(a, b, c, d, length, maxLength, asn)) throw unknownRecord();
  }

  /** Takes over all of them or, when it throws an {@link RtrWireError}, none. */
  applyAll(changes: readonly Change[]): void {
    const undo: Change[] = [];
    try {
      for (const change of changes) {
        const back = this.#opposite(change);
        this.apply(change);
        undo.push(back);
      }
    } catch (error) {
      for (const change of undo.reverse()) this.apply(change);
      throw error;
    }
  }

  #opposite(change: Change): Change {
    if (change.type === 'prefix') return { ...change, announce: !change.announce };
    const providers = this.aspas.get(change.customer);
    return { type: 'aspa', announce: providers !== undefined, customer: change.customer, providers: providers ?? [] };
  }

  #room(): void {
    if (this.vrps + this.aspas.size >= this.most)
      throw new RtrWireError(RtrError.internalError, `more than ${this.most} records are not kept`);
  }
}

function unknownRecord(): RtrWireError {
  return new RtrWireError(RtrError.withdrawalOfUnknown, 'a record was withdrawn that is not there');
}

import type { Cause, Feed } from '../claims/feed.js';
import { verdictCode } from '../claims/reasons.js';
import type { Cancel, Clock, Millis } from '../lib/clock.js';
import { UsageError } from '../lib/errors.js';
import { formatPrefix, parsePrefix, prefixWords } from '../lib/prefix.js';
import { shown } from '../lib/shown.js';
import type { NetworkModel } from '../network/model.js';
import type { Rib } from '../rib/rib.js';
import type { ClaimRequest, Lease } from './lease.js';

/** What the program's claims need of the network. @internal */
export interface ProgramClaimsOwner {
  readonly model: NetworkModel;
  readonly ribs: { readonly ipv4: Rib; readonly ipv6: Rib };
  begin(): void;
  settle(cause: Cause): void;
}

/** What the program itself claims for nodes, by leases. @internal */
export class ProgramClaims {
  #count = 0;
  #closed = false;
  /** Of leases that end by themselves. */
  readonly #ends = new Set<Cancel>();

  /** @param bare - The attribute set of a claim that says nothing of itself. */
  constructor(
    private readonly network: ProgramClaimsOwner,
    private readonly feed: Feed,
    private readonly bare: number,
    private readonly clock: Clock,
  ) {}

  /** Throws a `UsageError` for an unknown node, a wrong prefix, or a length of time that is none. */
  claim(request: ClaimRequest): Lease {
    const { network, feed, bare, clock } = this;
    if (typeof request !== 'object' || request === null)
      throw new UsageError('CONFIG_INVALID', `expected a claim such as { node: "web-a", prefix: "10.0.1.100/32" }, got ${shown(request)}`);
    const node = network.model.node(request.node);
    const prefix = parsePrefix(request.prefix);
    checkLease(request.lease);
    const rib = network.ribs[prefix.family];
    const pathId = ++this.#count;
    const id = rib.prefixId(...prefixWords(prefix.bytes), prefix.length);
    network.begin();
    rib.announce(id, feed.index, pathId, bare, bare, 0, node.index, -1);
    const row = rib.find(id, feed.index, pathId) - 1;
    network.settle({ type: 'claimed', node: node.name });
    let expires: Millis | undefined;
    let ending: Cancel | undefined;
    let over = false;
    const cancel = (): void => {
      if (!ending) return;
      ending();
      this.#ends.delete(ending);
      ending = undefined;
    };
    const end = (type: 'released' | 'lease-expired'): void => {
      if (over) return;
      over = true;
      cancel();
      if (this.#closed) return;
      network.begin();
      rib.remove(row);
      network.settle({ type, node: node.name });
    };
    const start = (lease: Millis | undefined): void => {
      cancel();
      expires = lease === undefined || lease === Number.POSITIVE_INFINITY ? undefined : clock.now() + lease;
      if (expires === undefined) return;
      ending = clock.at(expires, () => end('lease-expired'));
      this.#ends.add(ending);
    };
    start(request.lease);
    return {
      node: node.name,
      prefix: formatPrefix(prefix),
      get expires() {
        return expires;
      },
      get verdict() {
        return over ? 'ended' : verdictCode(rib.verdictOf(row));
      },
      renew: (lease = request.lease) => {
        if (over || this.#closed) throw new UsageError('CLOSED', `the lease of ${formatPrefix(prefix)} has ended`);
        checkLease(lease);
        start(lease);
      },
      release: () => end('released'),
    };
  }

  /** No lease can be renewed, nor ends, any more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#ends) cancel();
    this.#ends.clear();
  }
}

function checkLease(lease: Millis | undefined): void {
  if (lease === undefined || (typeof lease === 'number' && lease >= 0)) return;
  throw new UsageError('CONFIG_INVALID', `expected milliseconds, 0 or more, got ${String(lease)}`, ['lease']);
}

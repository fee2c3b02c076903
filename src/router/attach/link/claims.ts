import type { Feed } from '../../../claims/feed.js';
import { SOURCES } from '../../../claims/grant.js';
import { formatAddress } from '../../../lib/address.js';
import type { Millis } from '../../../lib/clock.js';
import { hostPrefix, prefixWords } from '../../../lib/prefix.js';
import type { Due } from '../../../lib/timers.js';
import type { Rib } from '../../../rib/rib.js';
import { PORT_LIMITS } from '../../../stack/limits.js';
import type { VirtualNetwork } from '../../virtual-network.js';
import { Remains } from '../remains.js';

const ARP = SOURCES.indexOf('arp');
/** How long an announcement is believed before its node is asked, and how it is asked. */
const BELIEVED = 10_000;
const RETRANS_TIMER = 1000;
const MAX_PROBES = 3;

/** Asks the node at its link whether it still has an address. @internal */
export type Probe = (node: string, address: Uint8Array) => void;

/**
 * Claims from the link: a gratuitous ARP or an unsolicited neighbour advertisement says "this address is mine". It is a claim like any
 * other, of source `arp`: granted or refused, and decided with the rest.
 *
 * Nobody takes an announcement back, so a claimant is asked every ten seconds and loses its claim when it leaves three probes
 * unanswered. When somebody else announces an address, whoever has it by announcement is asked at once.
 *
 * A node that has an accepted claim of a stronger source to the address (keepalived sends VRRP and gratuitous ARP, a BGP speaker may announce
 * what it adds to its interface) says nothing new by announcing it: no claim is made of that, and one made before ends. So the address
 * goes when the stronger claim does.
 *
 * @internal
 */
export class LinkClaims {
  readonly #feeds = new Map<string, Feed>();
  readonly #claims = new Map<string, LinkClaim>();
  /** The same by address, and how many each node has: what one guest announces costs no more for all that others have. */
  readonly #byAddress = new Map<string, Set<LinkClaim>>();
  readonly #counts = new Map<string, number>();
  /** The same by prefix id: what is claimed by announcement. */
  readonly #byPrefix = { ipv4: new Map<number, LinkClaim[]>(), ipv6: new Map<number, LinkClaim[]>() };
  readonly #remains: Remains;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly router: string,
    private readonly probe: Probe,
    /** A node announced more addresses than it may. */
    private readonly excess: (node: string) => void,
  ) {
    this.#remains = new Remains(network, (key) => this.#claims.has(key));
  }

  announced(name: string, address: Uint8Array): void {
    const { network } = this;
    const node = network.model.find(name);
    const text = formatAddress(address);
    if (!node || (node.config.addresses ?? []).includes(text)) return;
    for (const other of this.#byAddress.get(text) ?? []) if (other.node !== name) other.doubted();
    const key = `${name} ${text}`;
    const known = this.#claims.get(key);
    if (known) {
      known.alive();
      return;
    }
    const count = this.#counts.get(name) ?? 0;
    if (count >= PORT_LIMITS.announced.most) {
      this.excess(name);
      return;
    }
    const { family, bytes, length } = hostPrefix(address);
    const rib = network.ribs[family];
    const existing = rib.prefixes.find(...prefixWords(bytes), length);
    if (existing >= 0 && hasStronger(rib, existing, node.index)) return;
    const feed = this.#feedOf(name, node.index);
    network.begin();
    const id = rib.prefixId(...prefixWords(bytes), length);
    rib.announce(id, feed.index, 0, network.bareSet, network.bareSet, 0, node.index, -1);
    const claim = new LinkClaim(name, node.index, address, text, id, network, this.probe, () => this.#end(key));
    this.#claims.set(key, claim);
    this.#counts.set(name, count + 1);
    this.#byAddress.set(text, (this.#byAddress.get(text) ?? new Set()).add(claim));
    this.#byPrefix[family].set(id, [...(this.#byPrefix[family].get(id) ?? []), claim]);
    feed.cause = { type: 'announced', neighbour: feed.label, node: name };
    network.settle(feed.cause);
    this.#remains.rose(key);
  }

  /** The node answered for an address. */
  answered(name: string, address: Uint8Array): void {
    this.#claims.get(`${name} ${formatAddress(address)}`)?.alive();
  }

  /** Claims changed this turn: ends those whose node has a stronger one now, before anything is decided. */
  deciding(): void {
    if (this.#claims.size === 0) return;
    for (const family of ['ipv4', 'ipv6'] as const) {
      const rib = this.network.ribs[family];
      const claimed = this.#byPrefix[family];
      // What is withdrawn here is dirty already.
      for (let i = 0; i < rib.dirtyCount && claimed.size > 0; i++) {
        for (const claim of claimed.get(rib.dirty[i] ?? 0) ?? []) {
          if (!hasStronger(rib, claim.prefix, claim.index)) continue;
          this.#forget(`${claim.node} ${claim.text}`, claim);
          const feed = this.#feeds.get(claim.node);
          if (feed) rib.withdraw(claim.prefix, feed.index, 0);
        }
      }
    }
  }

  /** Ends all that the nodes which `gone` names have claimed. */
  leave(gone: (node: string) => boolean): void {
    for (const [key, claim] of [...this.#claims]) {
      if (gone(claim.node)) this.#forget(key, claim);
    }
    for (const [node, feed] of [...this.#feeds]) {
      if (!gone(node)) continue;
      this.#feeds.delete(node);
      feed.cause = { type: 'withdrawn', neighbour: feed.label, node };
      this.network.closeFeed(feed);
    }
    this.#remains.leave(gone);
  }

  /** A node does not answer for an address. Its claim ends alone, so it is put in a feed of its own, for the guard to decide on. */
  #end(key: string): void {
    const { network } = this;
    const claim = this.#claims.get(key);
    const feed = claim && this.#feeds.get(claim.node);
    if (!claim || !feed) return;
    const { node, index, prefix } = claim;
    const rib = network.ribs[claim.family];
    const own = this.#open(node, index);
    own.cause = { type: 'session-down', neighbour: own.label, node, reason: `no answer to ${MAX_PROBES} probes` };
    network.begin();
    rib.announce(prefix, own.index, 0, network.bareSet, network.bareSet, 0, index, -1);
    rib.withdraw(prefix, feed.index, 0);
    this.#forget(key, claim);
    this.#remains.fell(key, node, own);
  }

  #forget(key: string, claim: LinkClaim): void {
    claim.stop();
    if (this.#claims.delete(key)) this.#uncount(claim);
    const claimed = this.#byPrefix[claim.family];
    const rest = claimed.get(claim.prefix)?.filter((one) => one !== claim) ?? [];
    if (rest.length > 0) claimed.set(claim.prefix, rest);
    else claimed.delete(claim.prefix);
  }

  #uncount(claim: LinkClaim): void {
    const count = (this.#counts.get(claim.node) ?? 1) - 1;
    if (count > 0) this.#counts.set(claim.node, count);
    else this.#counts.delete(claim.node);
    const same = this.#byAddress.get(claim.text);
    same?.delete(claim);
    if (same?.size === 0) this.#byAddress.delete(claim.text);
  }

  #feedOf(node: string, index: number): Feed {
    let feed = this.#feeds.get(node);
    if (!feed) {
      feed = this.#open(node, index);
      this.#feeds.set(node, feed);
    }
    return feed;
  }

  #open(node: string, index: number): Feed {
    const label = `arp ${node}`;
    const cause = { type: 'announced', neighbour: label, node } as const;
    return this.network.openFeed({ source: 'arp', speaker: index, label, router: this.router, cause });
  }
}

/** One address that a node announced, and whether it is still there. */
class LinkClaim implements Due {
  deadline: Millis | undefined;
  #probes = 0;

  constructor(
    readonly node: string,
    /** The node's, in the network's model. */
    readonly index: number,
    readonly address: Uint8Array,
    readonly text: string,
    /** Id of its prefix, good while the claim stands. */
    readonly prefix: number,
    private readonly network: VirtualNetwork,
    private readonly probe: Probe,
    private readonly silent: () => void,
  ) {
    this.#wait(BELIEVED);
  }

  get family(): 'ipv4' | 'ipv6' {
    return this.address.length === 4 ? 'ipv4' : 'ipv6';
  }

  alive(): void {
    this.#probes = 0;
    this.#wait(BELIEVED);
  }
  /** Somebody else says that the address is theirs. */
  doubted(): void {
    if (this.#probes === 0) this.due();
  }
  due(): void {
    if (this.#probes >= MAX_PROBES) {
      this.deadline = undefined;
      this.silent();
      return;
    }
    this.#probes++;
    this.#wait(RETRANS_TIMER);
    this.probe(this.node, this.address);
  }
  stop(): void {
    this.deadline = undefined;
    this.network.timers.forget(this);
  }

  #wait(after: Millis): void {
    this.deadline = this.network.timers.clock.now() + after;
    this.network.timers.note(this);
  }
}

/** Whether a node has an accepted claim to a prefix, of a source stronger than what is said on the link. */
function hasStronger(rib: Rib, prefix: number, node: number): boolean {
  for (let at = rib.records.headOf(prefix); at !== 0; at = rib.claims.nextOf(at - 1)) {
    const feed = rib.feeds[rib.feedOf(at - 1)];
    if (rib.holderOf(at - 1) === node && rib.verdictOf(at - 1) === 0 && feed?.alive && feed.sourceIndex < ARP) return true;
  }
  return false;
}

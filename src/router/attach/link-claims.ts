import type { Feed } from '../../claims/feed.js';
import { formatAddress } from '../../lib/address.js';
import type { Millis } from '../../lib/clock.js';
import { hostPrefix, prefixWords } from '../../lib/prefix.js';
import type { Due } from '../../lib/timers.js';
import type { VirtualNetwork } from '../virtual-network.js';

/** How long an announcement is believed before its node is asked, and how it is asked. */
const BELIEVED = 10_000;
const RETRANS_TIMER = 1000;
const MAX_PROBES = 3;
/** Addresses that one node may have announced, refused ones too. */
const MAX_CLAIMS = 256;

/** Asks the node at its link whether it still has an address. @internal */
export type Probe = (node: string, address: Uint8Array) => void;

/**
 * Claims from the link: a gratuitous ARP or an unsolicited neighbour advertisement says "this address is mine". It is a claim like any
 * other, of source `arp`: granted or refused, and decided with the rest.
 *
 * Nobody takes an announcement back, so a claimant is asked every ten seconds and loses its claim when it leaves three probes
 * unanswered. When somebody else announces an address, whoever has it by announcement is asked at once.
 *
 * @internal
 */
export class LinkClaims {
  readonly #feeds = new Map<string, Feed>();
  readonly #claims = new Map<string, LinkClaim>();
  /** Announcements that came over the limit of a node. */
  ignored = 0;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly router: string,
    private readonly probe: Probe,
  ) {}

  announced(name: string, address: Uint8Array): void {
    const { network } = this;
    const node = network.model.find(name);
    const text = formatAddress(address);
    if (!node || (node.config.addresses ?? []).includes(text)) return;
    for (const other of this.#claims.values()) if (other.text === text && other.node !== name) other.doubted();
    const key = `${name} ${text}`;
    const known = this.#claims.get(key);
    if (known) {
      known.alive();
      return;
    }
    if ([...this.#claims.values()].filter((claim) => claim.node === name).length >= MAX_CLAIMS) {
      this.ignored++;
      return;
    }
    const feed = this.#feedOf(name, node.index);
    const { family, bytes, length } = hostPrefix(address);
    const rib = network.ribs[family];
    network.begin();
    rib.announce(rib.prefixId(...prefixWords(bytes), length), feed.index, 0, network.bareSet, network.bareSet, 0, node.index, -1);
    this.#claims.set(key, new LinkClaim(name, address, text, network, this.probe, () => this.#end(key)));
    feed.cause = { type: 'announced', neighbour: feed.label, node: name };
    network.settle(feed.cause);
  }

  /** The node answered for an address. */
  answered(name: string, address: Uint8Array): void {
    this.#claims.get(`${name} ${formatAddress(address)}`)?.alive();
  }

  /** Ends all that the nodes which `gone` names have claimed. */
  leave(gone: (node: string) => boolean): void {
    for (const [key, claim] of [...this.#claims]) {
      if (!gone(claim.node)) continue;
      claim.stop();
      this.#claims.delete(key);
    }
    for (const [node, feed] of [...this.#feeds]) {
      if (!gone(node)) continue;
      this.#feeds.delete(node);
      feed.cause = { type: 'withdrawn', neighbour: feed.label, node };
      this.network.closeFeed(feed);
    }
  }

  #end(key: string): void {
    const claim = this.#claims.get(key);
    const feed = claim && this.#feeds.get(claim.node);
    if (!claim || !feed) return;
    claim.stop();
    this.#claims.delete(key);
    const { family, bytes, length } = hostPrefix(claim.address);
    const rib = this.network.ribs[family];
    this.network.begin();
    rib.withdraw(rib.prefixId(...prefixWords(bytes), length), feed.index, 0);
    this.network.settle({ type: 'withdrawn', neighbour: feed.label, node: claim.node });
  }

  #feedOf(node: string, index: number): Feed {
    let feed = this.#feeds.get(node);
    if (!feed) {
      feed = this.network.openFeed({
        index: -1,
        source: 'arp',
        sourceIndex: -1,
        speaker: index,
        external: false,
        routerId: 0,
        address: new Uint8Array(0),
        label: `arp ${node}`,
        router: this.router,
        reflectorClient: false,
        cause: { type: 'announced', neighbour: `arp ${node}`, node },
        alive: true,
      });
      this.#feeds.set(node, feed);
    }
    return feed;
  }
}

/** One address that a node announced, and whether it is still there. */
class LinkClaim implements Due {
  deadline: Millis | undefined;
  #probes = 0;

  constructor(
    readonly node: string,
    readonly address: Uint8Array,
    readonly text: string,
    private readonly network: VirtualNetwork,
    private readonly probe: Probe,
    private readonly silent: () => void,
  ) {
    this.#wait(BELIEVED);
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

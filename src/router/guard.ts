import type { Feed } from '../claims/feed.js';
import type { Cancel, Millis } from '../lib/clock.js';
import type { GuardConfig } from '../network/config.js';
import type { Rib } from '../rib/rib.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Fewer deaths than these are never suspicious. */
const LEAST = 5;

/** A session that was lost without a word, or a node on a link that fell silent, and what stands for it. @internal */
export interface Death {
  readonly feed: Feed;
  /** Name of the node. */
  readonly node: string;
  /** The claims of the feed stay, until {@link Death.letGo}. */
  hold(): void;
  /** They end. */
  letGo(): void;
  /** The feed is done with. */
  buried(): void;
}

/** How a suspicion stands. @public */
export interface GuardStatus {
  /** When it arose, in milliseconds since the epoch. */
  readonly since: Millis;
  /**
   * BGP sessions that were lost within the window when it arose, of how many, or, where it arose over claims by another protocol, nodes that
   * speak it; and nodes that held something.
   */
  readonly peers: readonly [lost: number, of: number];
  readonly holders: readonly [lost: number, of: number];
  /** Nodes with claims that are held now. */
  readonly held: readonly string[];
}

/** What the guard tells of. @internal */
export type GuardState = 'suspected' | 'held' | 'let-go' | 'kept';

/**
 * The blast-radius guard: when more than a share of the network's holders, or of its peers, are lost within a window, it is more likely that
 * the way to them is broken than that all have died. Those lost before the threshold are gone. From it on, claims stay as they are, marked
 * `held`, and so do, of those lost before within the window, the claims that would leave their address to nobody; until somebody decides.
 *
 * Only silence counts: of a BGP session, of a node that claims by OSPF, by VRRP, by ARP or Neighbour Discovery. A withdrawal, a NOTIFICATION,
 * a node that is set down act at once, always.
 *
 * @public
 */
export class Guard {
  #config: GuardConfig | undefined;
  /** Lost within the window, and gone: their claims are out, and not forgotten yet. */
  #recent: { readonly at: Millis; readonly death: Death; readonly cancel: Cancel }[] = [];
  readonly #held = new Map<Feed, Death>();
  #suspicion: Omit<GuardStatus, 'held'> | undefined;
  #rule: Cancel | undefined;

  /** @internal */
  constructor(
    private readonly network: VirtualNetwork,
    private readonly tell: (state: GuardState, nodes: readonly string[]) => void,
  ) {}

  /** @internal */
  configure(config: GuardConfig | undefined): void {
    this.#config = config;
    if (!config) this.letGo();
  }

  /** Whether there is a guard at all. @internal */
  get watching(): boolean {
    return this.#config !== undefined;
  }

  /** The suspicion, while there is one. */
  get status(): GuardStatus | undefined {
    return this.#suspicion && { ...this.#suspicion, held: [...new Set([...this.#held.values()].map(({ node }) => node))].sort() };
  }

  /**
   * They are dead: what is held ends, of one node or of all. With all, the suspicion is over. Harmless where nothing is held.
   */
  letGo(node?: string): void {
    const going = [...this.#held.values()].filter((death) => node === undefined || death.node === node);
    for (const death of going) {
      this.#held.delete(death.feed);
      death.letGo();
    }
    if (going.length > 0) this.tell('let-go', names(going));
    if (node === undefined || this.#held.size === 0) this.#over();
  }

  /** They live, and the way to them was broken: what is held stays until their sessions are back. The suspicion is over. */
  keep(): void {
    if (!this.#suspicion) return;
    this.tell('kept', names([...this.#held.values()]));
    this.#over();
  }

  /** A session was lost without a word. Its claims are taken care of. @internal */
  died(death: Death): void {
    const { network } = this;
    if (!this.#config) {
      network.begin();
      network.closeFeed(death.feed, () => death.buried());
      return;
    }
    if (!this.#suspicion && this.#suspicious(death, this.#config)) this.#suspect();
    if (this.#suspicion) this.#hold(death);
    else this.#act(death, this.#config);
  }

  /** What was held is not any more: its session is back, or it was withdrawn with its node. @internal */
  returned(feed: Feed): void {
    this.#held.delete(feed);
  }

  /** @internal */
  close(): void {
    this.#rule?.();
    for (const { cancel } of this.#recent) cancel();
  }

  get #now(): Millis {
    return this.network.timers.clock.now();
  }

  /** Whether this death, with those of late, is one too many. Takes note of what it was found by. */
  #suspicious(death: Death, { share }: GuardConfig): boolean {
    const lost = [...this.#recent.map((one) => one.death), death];
    const alive = this.network.sessions().filter((feed) => feed !== death.feed);
    const peers = lostOf(
      death.feed.source,
      lost.map(({ feed }) => feed),
      alive,
    );
    const living = new Set(alive.map(({ speaker }) => speaker));
    // A node that speaks over another session too is not lost.
    const gone = new Set(lost.map(({ feed }) => feed.speaker).filter((speaker) => !living.has(speaker)));
    const holders = [gone.size, new Set([...this.network.holders(), ...gone]).size] as const;
    const over = ([some, all]: readonly [number, number]): boolean => some >= LEAST && some > share * all;
    if (!over(peers) && !over(holders)) return false;
    this.#suspicion = { since: this.#now, peers, holders };
    return true;
  }

  #suspect(): void {
    const config = this.#config;
    this.tell('suspected', []);
    if (config?.decide) {
      const { after, as } = config.decide;
      this.#rule = this.network.timers.clock.at(this.#now + after * 1000, () => (as === 'keep' ? this.keep() : this.letGo()));
    }
    for (const { death, cancel } of this.#recent.splice(0)) {
      cancel();
      this.#revive(death);
    }
  }

  #over(): void {
    this.#suspicion = undefined;
    this.#rule?.();
    this.#rule = undefined;
  }

  #hold(death: Death): void {
    this.#held.set(death.feed, death);
    death.hold();
    this.tell('held', [death.node]);
  }

  /** It is gone: its claims are out at once, and forgotten when the window is over. */
  #act(death: Death, { window = 10 }: GuardConfig): void {
    const { network } = this;
    const { feed } = death;
    network.begin();
    feed.alive = false;
    for (const rib of ribsOf(network)) {
      for (let at = rib.firstOf(feed.index); at !== 0; at = rib.afterOf(at - 1)) rib.touch(rib.claims.prefixOf(at - 1));
    }
    network.settle(feed.cause);
    const entry = {
      at: this.#now,
      death,
      cancel: network.timers.clock.at(this.#now + window * 1000, () => {
        this.#recent.splice(this.#recent.indexOf(entry), 1);
        this.#bury(death);
      }),
    };
    this.#recent.push(entry);
  }

  #bury({ feed, buried }: Death): void {
    this.network.begin();
    this.network.closeFeed(feed, buried);
  }

  /** Of one that is gone, what nobody has now comes back. */
  #revive(death: Death): void {
    const { feed } = death;
    let last = 0;
    this.network.begin();
    for (const rib of ribsOf(this.network)) {
      for (let at = rib.firstOf(feed.index); at !== 0; ) {
        const row = at - 1;
        at = rib.afterOf(row);
        const prefix = rib.claims.prefixOf(row);
        if (rib.verdictOf(row) === 0 && rib.records.decidedOf(prefix) === 0) {
          rib.touch(prefix);
          last++;
        } else rib.remove(row);
      }
    }
    if (last === 0) {
      this.#bury(death);
      return;
    }
    feed.alive = true;
    this.network.settle({ type: 'held', node: death.node });
    this.#hold(death);
  }
}

function ribsOf(network: VirtualNetwork): Rib[] {
  return [network.ribs.ipv4, network.ribs.ipv6];
}

/** How many of a source's peers are lost: of BGP's sessions; elsewhere of the nodes that speak, who are lost when nothing of theirs is left. */
function lostOf(source: Feed['source'], lost: readonly Feed[], alive: readonly Feed[]): readonly [lost: number, of: number] {
  const of = (feeds: readonly Feed[]): Feed[] => feeds.filter((feed) => feed.source === source);
  if (source === 'bgp') return [of(lost).length, of(lost).length + of(alive).length];
  const living = new Set(of(alive).map(({ speaker }) => speaker));
  const gone = new Set(
    of(lost)
      .map(({ speaker }) => speaker)
      .filter((speaker) => !living.has(speaker)),
  );
  return [gone.size, gone.size + living.size];
}

function names(deaths: readonly Death[]): string[] {
  return [...new Set(deaths.map(({ node }) => node))].sort();
}

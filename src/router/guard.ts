import type { Feed } from '../claims/feed.js';
import type { Cancel, Millis } from '../lib/clock.js';
import type { ClaimSource, GuardConfig } from '../network/config.js';
import type { Node } from '../network/model.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Fewer deaths than these are never suspicious. */
const LEAST = 5;

/** Somebody fell silent, and what stands for it. @internal */
export interface Death {
  /** What was heard: a session or what a node said on a link, or the node itself, where it is watched. */
  readonly of: Feed | Node;
  /** By what it was heard: those that are heard by the same are counted together. */
  readonly source: ClaimSource | 'watch';
  /** Index of the node. */
  readonly speaker: number;
  /** Its name. */
  readonly node: string;
  /** Its claims end: nobody suspects anything. */
  end(): void;
  /** Its claims are out at once, and not forgotten yet. */
  act(): void;
  /** They are forgotten. */
  bury(): void;
  /** Of what is out, what nobody has now comes back. False where that is nothing: it is buried then. */
  revive(): boolean;
  /** Its claims stay, until {@link Death.letGo}. */
  hold(): void;
  /** They end. */
  letGo(): void;
}

/** How a suspicion stands. @public */
export interface GuardStatus {
  /** When it arose, in milliseconds since the epoch. */
  readonly since: Millis;
  /**
   * BGP sessions that were lost within the window when it arose, of how many, or, where it arose over claims by another protocol, nodes that
   * speak it, or over nodes that are watched, those; and nodes that held something.
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
 * Only silence counts: of a BGP session, of a node that claims by OSPF, by VRRP, by ARP or Neighbour Discovery, of a node that is watched
 * (`watch`). A withdrawal, a NOTIFICATION, a node that is set down act at once, always.
 *
 * @public
 */
export class Guard {
  #config: GuardConfig | undefined;
  /** Lost within the window, and gone: their claims are out, and not forgotten yet. */
  #recent: { readonly at: Millis; readonly death: Death; readonly cancel: Cancel }[] = [];
  readonly #held = new Map<Death['of'], Death>();
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
      this.#held.delete(death.of);
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

  /** Somebody fell silent. What it claimed is taken care of. @internal */
  died(death: Death): void {
    if (!this.#config) {
      death.end();
      return;
    }
    if (!this.#suspicion && this.#suspicious(death, this.#config)) this.#suspect();
    if (this.#suspicion) this.#hold(death);
    else this.#act(death, this.#config);
  }

  /** What was held is not any more: its session is back, or it was withdrawn with its node. @internal */
  returned(of: Death['of']): void {
    this.#held.delete(of);
  }
  /** Whether it holds that. @internal */
  holds(of: Death['of']): boolean {
    return this.#held.has(of);
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
    const sames = lost.filter(({ source }) => source === death.source);
    const alive = this.network.sessions().filter((feed) => feed !== death.of);
    const heard = this.network.heardNodes();
    const peers =
      death.source === 'bgp'
        ? ([sames.length, sames.length + alive.filter(({ source }) => source === 'bgp').length] as const)
        : nodesOf(sames, death.source === 'watch' ? heard : speakersOf(alive.filter(({ source }) => source === death.source)));
    const living = new Set([...speakersOf(alive), ...heard]);
    // A node that speaks over another session too is not lost.
    const gone = new Set([...speakersOf(lost)].filter((speaker) => !living.has(speaker)));
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
      if (death.revive()) this.#hold(death);
    }
  }

  #over(): void {
    this.#suspicion = undefined;
    this.#rule?.();
    this.#rule = undefined;
  }

  #hold(death: Death): void {
    this.#held.set(death.of, death);
    death.hold();
    this.tell('held', [death.node]);
  }

  /** It is gone: its claims are out at once, and forgotten when the window is over. */
  #act(death: Death, { window = 10 }: GuardConfig): void {
    death.act();
    const entry = {
      at: this.#now,
      death,
      cancel: this.network.timers.clock.at(this.#now + window * 1000, () => {
        this.#recent.splice(this.#recent.indexOf(entry), 1);
        death.bury();
      }),
    };
    this.#recent.push(entry);
  }
}

/** How many of the nodes are lost, of how many: those of whom nothing of the kind is left. */
function nodesOf(lost: readonly Death[], living: ReadonlySet<number>): readonly [lost: number, of: number] {
  const gone = [...speakersOf(lost)].filter((speaker) => !living.has(speaker)).length;
  return [gone, gone + living.size];
}

function speakersOf(those: readonly { readonly speaker: number }[]): Set<number> {
  return new Set(those.map(({ speaker }) => speaker));
}

function names(deaths: readonly Death[]): string[] {
  return [...new Set(deaths.map(({ node }) => node))].sort();
}

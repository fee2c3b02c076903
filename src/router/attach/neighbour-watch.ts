import {
  type BfdChange,
  type BfdConfig,
  type BfdDiagnostic,
  type BfdService,
  type BfdState,
  type BfdWatch,
  strictness,
} from '../../bfd/index.js';

/** BFD of a neighbour as it stands. @public */
export interface BfdStatus {
  readonly state: BfdState;
  readonly diagnostic: BfdDiagnostic;
  /** Milliseconds of silence after which the neighbour is down, as agreed last. */
  readonly detectionTime: number;
  /** How often it went down after it had been up. */
  readonly downs: number;
  /** It flaps: its coming up is not believed before then, milliseconds since the epoch. */
  readonly dampenedUntil: number | undefined;
  /** Why the neighbour cannot be watched, if so. */
  readonly failure: string | undefined;
}

const NOBODY = 'it is at no port of the router, and the host brings no BFD service';

/** Whom a watch tells. @internal */
export interface WatchOwner {
  /** The neighbour is there. */
  appeared(change: BfdChange): void;
  /** It is gone. */
  vanished(change: BfdChange): void;
  /** Any change. */
  changed(change: BfdChange): void;
  failed(reason: string): void;
}

/**
 * A neighbour that is watched by BFD (RFC 5882 §4): what BFD says, made into "there" and "gone". A neighbour that says it is
 * administratively down is not gone (§3.2): it only is not watched.
 *
 * @internal
 */
export class NeighbourWatch {
  #watch: BfdWatch | undefined;
  /** Set before the watch is there: over a link without delay it has changed by then. */
  #watching = false;
  #status: BfdStatus = { state: 'down', diagnostic: 'none', detectionTime: 0, downs: 0, dampenedUntil: undefined, failure: undefined };

  constructor(
    /** Asked when it starts: only then is it known what is at which port. */
    private readonly service: () => BfdService | undefined,
    private readonly whom: () => { readonly remote: string; readonly local: string | undefined },
    private config: BfdConfig,
    private readonly owner: WatchOwner,
  ) {}

  /** What is watched counts as down until BFD is up. */
  get strict(): boolean {
    return strictness(this.config) !== undefined;
  }

  get status(): BfdStatus {
    return this.#status;
  }
  get up(): boolean {
    return this.#status.state === 'up';
  }

  start(): void {
    if (this.#watching) return;
    const service = this.service();
    if (!service) {
      this.#status = { ...this.#status, failure: NOBODY };
      this.owner.failed(NOBODY);
      return;
    }
    this.#watching = true;
    const { remote, local } = this.whom();
    this.#watch = service.watch(
      { remote, config: this.config, ...(local === undefined ? {} : { local }) },
      {
        changed: (change) => this.#changed(change),
        agreed: (detectionTime) => {
          this.#status = { ...this.#status, detectionTime };
        },
        dampened: (dampenedUntil) => {
          this.#status = { ...this.#status, dampenedUntil };
        },
        failed: (failure) => {
          this.#status = { ...this.#status, state: 'down', failure };
          this.owner.failed(failure);
        },
      },
    );
  }

  /** Takes over other intervals, keys and modes in place. */
  reconfigure(config: BfdConfig): void {
    this.config = config;
    this.#watch?.reconfigure(config);
  }

  stop(): void {
    this.#watching = false;
    this.#watch?.close();
    this.#watch = undefined;
    this.#status = { ...this.#status, state: 'down' };
  }

  #changed(change: BfdChange): void {
    if (!this.#watching) return;
    const { from, to, diagnostic, detectionTime, remote } = change;
    const lost = from === 'up' && to !== 'up';
    const downs = this.#status.downs + (lost ? 1 : 0);
    this.#status = { state: to, diagnostic, detectionTime, downs, dampenedUntil: undefined, failure: undefined };
    this.owner.changed(change);
    if (to === 'up') this.owner.appeared(change);
    // RFC 5882 §3.2: to stop watching on purpose, at either end, is no failure.
    else if (lost && to !== 'admin-down' && remote !== 'admin-down') this.owner.vanished(change);
  }
}

import {
  type BfdChange,
  type BfdConfig,
  type BfdDiagnostic,
  type BfdService,
  type BfdState,
  type BfdWatch,
  resolveBfd,
} from '../../bfd/index.js';

/** BFD of a neighbour as it stands. @public */
export interface BfdStatus {
  readonly state: BfdState;
  readonly diagnostic: BfdDiagnostic;
  /** Milliseconds of silence after which the neighbour is down, as agreed last. */
  readonly detectionTime: number;
  /** How often it went down after it had been up. */
  readonly downs: number;
  /** Why the neighbour cannot be watched, if so. */
  readonly failure: string | undefined;
}

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
 * A BGP neighbour that is watched by BFD (RFC 5882 §4): what BFD says, made into "there" and "gone". A neighbour that says it is
 * administratively down is not gone (§3.2): it only is not watched.
 *
 * @internal
 */
export class NeighbourWatch {
  readonly strict: boolean;
  #watch: BfdWatch | undefined;
  #status: BfdStatus = { state: 'down', diagnostic: 'none', detectionTime: 0, downs: 0, failure: undefined };

  constructor(
    private readonly service: BfdService,
    private readonly target: { readonly remote: string; readonly local?: string; readonly config: BfdConfig },
    private readonly owner: WatchOwner,
  ) {
    this.strict = resolveBfd(target.config).strict;
  }

  get status(): BfdStatus {
    return this.#status;
  }
  get up(): boolean {
    return this.#status.state === 'up';
  }

  start(): void {
    this.#watch ??= this.service.watch(this.target, {
      changed: (change) => this.#changed(change),
      agreed: (detectionTime) => {
        this.#status = { ...this.#status, detectionTime };
      },
      failed: (failure) => {
        this.#status = { ...this.#status, state: 'down', failure };
        this.owner.failed(failure);
      },
    });
  }

  stop(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#status = { ...this.#status, state: 'down' };
  }

  #changed(change: BfdChange): void {
    if (!this.#watch) return;
    const { from, to, diagnostic, detectionTime, remote } = change;
    const lost = from === 'up' && to !== 'up';
    this.#status = { state: to, diagnostic, detectionTime, downs: this.#status.downs + (lost ? 1 : 0), failure: undefined };
    this.owner.changed(change);
    if (to === 'up') this.owner.appeared(change);
    else if (lost && remote !== 'admin-down') this.owner.vanished(change);
  }
}

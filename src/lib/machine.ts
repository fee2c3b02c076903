import type { Millis } from './clock.js';
import type { Due, TimerHeap } from './timers.js';

/**
 * A state machine as a table: one row a state, one cell an event, each cell the action to take.
 * An action does its work on `m` and returns the state to be in next.
 *
 * @internal
 */
export type Table<State extends string, Event extends { readonly type: string }, M> = {
  readonly [S in State]: {
    readonly [T in Event['type']]?: (m: M, event: Extract<Event, { readonly type: T }>, now: Millis) => State;
  };
};

/** The action for `event` in `state`, if the table has one. @internal */
export function lookup<S extends string, E extends { readonly type: string }, M>(
  table: Table<S, E, M>,
  state: S,
  event: E,
): ((m: M, event: E, now: Millis) => S) | undefined {
  // The table pairs each cell with its event's type; indexing by the event's own type therefore gives an action that takes it.
  return table[state][event.type as E['type']] as ((m: M, event: E, now: Millis) => S) | undefined;
}

/** What every protocol engine is: events in, effects out, time as an argument. @internal */
export interface Machine<Event, Effect> {
  handle(event: Event, now: Millis): readonly Effect[];
  /** Deals with every timer due by `now`. */
  tick(now: Millis): readonly Effect[];
  /** When to call {@link Machine.tick}, if ever. */
  readonly deadline: Millis | undefined;
}

/**
 * Runs a machine: feeds it events in order, carries out its effects, and wakes it when a timer is due.
 *
 * An effect may lead to another event at once (a closed pipe, say). That event waits until the effects of the present one are
 * done, so a machine never re-enters itself.
 *
 * @internal
 */
export class Driver<Event, Effect> implements Due {
  readonly #queue: (Event | typeof TICK)[] = [];
  #busy = false;

  constructor(
    private readonly machine: Machine<Event, Effect>,
    private readonly timers: TimerHeap,
    private readonly perform: (effect: Effect) => void,
  ) {}

  get deadline(): Millis | undefined {
    return this.machine.deadline;
  }

  /** Whether an event that is posted now waits for others. */
  get isBusy(): boolean {
    return this.#busy;
  }

  post(event: Event): void {
    this.#run(event);
  }

  due(): void {
    this.#run(TICK);
  }

  /** Stops waking the machine. */
  dispose(): void {
    this.timers.forget(this);
  }

  #run(event: Event | typeof TICK): void {
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const now = this.timers.clock.now();
        const effects = next === TICK ? this.machine.tick(now) : this.machine.handle(next, now);
        for (const effect of effects) this.perform(effect);
      }
    } finally {
      this.#busy = false;
    }
    this.timers.note(this);
  }
}

const TICK = Symbol('tick');

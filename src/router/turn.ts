import { EventEmitter } from 'eventemitter3';
import type { Logger } from '../lib/logger.js';

type Listener = (argument: never) => void;

/**
 * An emitter whose listeners cannot hurt it: each is called by itself, and what one throws is logged and told as
 * `listener-error`, while the others are called all the same. All listeners hear everything in the one order in which it came about: what
 * one of them brings about is told when all have heard of what it heard. This is the one place that tells listeners anything.
 *
 * @public
 */
export abstract class IsolatedEmitter<Events extends object> extends EventEmitter<Events> {
  /** What stands for listeners of one time, by event and as they were given. */
  readonly #once = new Map<PropertyKey, WeakMap<object, Listener>>();
  protected abstract readonly logger: Logger;
  /** What is to be told once what is told, or done, now is over. */
  readonly #waiting: { readonly event: string; readonly argument: unknown }[] = [];
  #held = 0;

  /** Tells the listeners of `event`: at once, or, while others are told something or {@link IsolatedEmitter.hold} acts, after that. @internal */
  protected tell(event: string, argument: unknown): void {
    if (this.#held > 0) this.#waiting.push({ event, argument });
    else this.hold(() => this.#call(event, argument));
  }

  /** Acts, and tells what comes about at the end: listeners find all of it done, and what they do begins after it. @internal */
  hold<T>(act: () => T): T {
    this.#held++;
    try {
      return act();
    } finally {
      if (this.#held === 1)
        for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) this.#call(next.event, next.argument);
      this.#held--;
    }
  }

  #call(event: string, argument: unknown): void {
    const listeners = this.listeners(event as never) as unknown as ((argument: unknown) => void)[];
    for (const listener of listeners) {
      try {
        listener.call(this, argument);
      } catch (error) {
        this.logger.error({ event, error }, 'a listener threw');
        if (event !== 'listener-error') this.tell('listener-error', { event, error });
      }
    }
  }

  override once<T extends EventEmitter.EventNames<Events>>(event: T, listener: EventEmitter.EventListener<Events, T>): this {
    const given = listener as unknown as Listener;
    const once = (argument: never): void => {
      super.off(event, once as unknown as EventEmitter.EventListener<Events, T>);
      given.call(this, argument);
    };
    let known = this.#once.get(event);
    if (!known) {
      known = new WeakMap();
      this.#once.set(event, known);
    }
    known.set(given, once);
    return this.on(event, once as unknown as EventEmitter.EventListener<Events, T>);
  }

  override off<T extends EventEmitter.EventNames<Events>>(event: T, listener?: EventEmitter.EventListener<Events, T>): this {
    const once = listener && this.#once.get(event)?.get(listener);
    if (once) super.off(event, once as unknown as EventEmitter.EventListener<Events, T>);
    return super.off(event, listener);
  }

  override addListener<T extends EventEmitter.EventNames<Events>>(event: T, listener: EventEmitter.EventListener<Events, T>): this {
    return this.on(event, listener);
  }

  override removeListener<T extends EventEmitter.EventNames<Events>>(event: T, listener?: EventEmitter.EventListener<Events, T>): this {
    return this.off(event, listener);
  }
}

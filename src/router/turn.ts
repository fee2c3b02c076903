import { EventEmitter } from 'eventemitter3';
import type { Logger } from '../lib/logger.js';

type Listener = (argument: never) => void;

/**
 * An emitter whose listeners cannot hurt it: each is called by itself, and what one throws is logged and told as
 * `listener-error`, while the others are called all the same. This is the one place that tells listeners anything.
 *
 * @public
 */
export abstract class IsolatedEmitter<Events extends object> extends EventEmitter<Events> {
  /** Listeners of one time, as they were given, and what stands for them. */
  readonly #once = new WeakMap<object, Listener>();
  protected abstract readonly logger: Logger;

  /** Tells the listeners of `event`. @internal */
  protected tell(event: string, argument: unknown): void {
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
    this.#once.set(given, once);
    return this.on(event, once as unknown as EventEmitter.EventListener<Events, T>);
  }

  override off<T extends EventEmitter.EventNames<Events>>(event: T, listener?: EventEmitter.EventListener<Events, T>): this {
    const once = listener && this.#once.get(listener);
    if (once) super.off(event, once as unknown as EventEmitter.EventListener<Events, T>);
    return super.off(event, listener);
  }

  override removeListener<T extends EventEmitter.EventNames<Events>>(event: T, listener?: EventEmitter.EventListener<Events, T>): this {
    return this.off(event, listener);
  }
}

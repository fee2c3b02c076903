import type { Millis } from '../lib/clock.js';
import { lookup, type Machine } from '../lib/machine.js';
import { Timers } from '../lib/timers.js';
import type { VrrpEffect, VrrpEvent, VrrpState, VrrpTimer } from './events.js';
import { activeDownInterval, transitions } from './fsm.js';
import type { VrrpAdvertisement } from './wire/index.js';

/**
 * What one node says of one virtual router, as a machine: advertisements and time in, claims out.
 *
 * @internal
 */
export class VrrpSession implements Machine<VrrpEvent, VrrpEffect> {
  state: VrrpState = 'absent';
  /** The last advertisement of an active node. */
  advertisement: VrrpAdvertisement | undefined;
  readonly timers = new Timers<VrrpTimer>();
  #source = '';
  #effects: VrrpEffect[] = [];

  get deadline(): Millis | undefined {
    return this.timers.next();
  }

  handle(event: VrrpEvent, now: Millis): readonly VrrpEffect[] {
    this.#effects = [];
    this.state = lookup(transitions, this.state, event)?.(this, event, now) ?? this.state;
    return this.#effects;
  }

  tick(now: Millis): readonly VrrpEffect[] {
    this.#effects = [];
    const silence = this.advertisement && activeDownInterval(this.advertisement.interval);
    while (this.timers.expire(now) !== undefined) this.state = this.release(silence);
    return this.#effects;
  }

  claim(advertisement: VrrpAdvertisement, source: string): VrrpState {
    const before = this.advertisement;
    const { addresses, priority } = advertisement;
    // A periodic advertisement is not news.
    const same = before?.priority === priority && this.#source === source && before.addresses.join() === addresses.join();
    this.advertisement = advertisement;
    this.#source = source;
    if (!same) this.#effects.push({ type: 'claim', addresses, priority, source });
    return 'active';
  }

  release(silence: Millis | undefined): VrrpState {
    this.timers.stopAll();
    if (this.state === 'active') this.#effects.push({ type: 'release', silence });
    this.advertisement = undefined;
    return 'absent';
  }
}

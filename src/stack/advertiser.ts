import type { Millis } from '../lib/clock.js';
import type { Random } from '../lib/random.js';
import type { Due, TimerHeap } from '../lib/timers.js';
import type { Interface } from './interface.js';
import type { Link } from './link.js';

/** RFC 4861 §10: of the first so many, none waits longer; a solicited one waits so long at most; and so long after the one before. */
const MAX_INITIAL_ADVERTISEMENTS = 3;
const MAX_INITIAL_INTERVAL = 16_000;
const MAX_DELAY = 500;
const MIN_DELAY_BETWEEN = 3000;

/** How often an interface advertises the router (RFC 4861 §6.2.1). @internal */
export interface AdvertiseTimes {
  /** Between two, at least and at most. */
  readonly least: Millis;
  readonly most: Millis;
  /** Seconds for which guests take us for a default router. */
  readonly lifetime: number;
}

/**
 * When the router advertises itself at a link (RFC 4861 §6.2.4 to §6.2.6): soon after the node is there, now and then for as long as it is,
 * soon after it asks, and with a lifetime of zero when the router leaves. All go to all nodes of the link, of which there is one.
 *
 * @internal
 */
export class Advertiser implements Due {
  deadline: Millis | undefined;
  #initial = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly link: Link,
    private readonly timers: TimerHeap,
    private readonly random: Random,
    private readonly send: (faces: readonly Interface[], lifetime: number) => void,
  ) {}

  /** The link's node or interfaces may be others; `anew` when it is another node. */
  refresh(anew: boolean): void {
    const on = this.link.ready && this.#faces().length > 0;
    if (!on) this.cease();
    else if (anew || this.deadline === undefined) {
      this.#initial = MAX_INITIAL_ADVERTISEMENTS;
      this.#at(this.#now() + this.random() * MAX_DELAY);
    }
  }

  /** The node asked. Many who ask are answered at once, and no oftener than every three seconds. */
  solicited(): void {
    if (this.deadline === undefined) return;
    const delay = this.random() * MAX_DELAY;
    const at = Math.max(this.#now(), this.#last + MIN_DELAY_BETWEEN) + delay;
    if (at < this.deadline) this.#at(at);
  }

  due(now: Millis): void {
    const faces = this.#faces();
    const times = timesOf(faces);
    if (!times) {
      this.deadline = undefined;
      return;
    }
    this.#last = now;
    const { least, most, lifetime } = times;
    const interval = least + this.random() * (most - least);
    this.#at(now + (this.#initial > 0 ? Math.min(interval, MAX_INITIAL_INTERVAL) : interval));
    if (this.#initial > 0) this.#initial--;
    this.send(faces, lifetime);
  }

  /** The router leaves the link: says so, if anybody is there to hear it. */
  cease(): void {
    if (this.deadline === undefined) return;
    this.deadline = undefined;
    this.timers.forget(this);
    if (this.link.ready) this.send(this.#faces(), 0);
  }

  #faces(): Interface[] {
    return this.link.interfaces.filter(({ advertise, prefix }) => advertise !== false && prefix.family === 'ipv6');
  }
  #now(): Millis {
    return this.timers.clock.now();
  }
  #at(deadline: Millis): void {
    this.deadline = deadline;
    this.timers.note(this);
  }
}

/** Several interfaces share one advertisement: those of the first count. */
function timesOf([face]: readonly Interface[]): AdvertiseTimes | undefined {
  return face && face.advertise !== false ? face.advertise : undefined;
}

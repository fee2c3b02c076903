/**
 * How much may be under way: slow start, congestion avoidance and what a loss does to them (RFC 5681), with the initial window of RFC 6928.
 *
 * @internal
 */
export class CongestionWindow {
  /** Octets. */
  window = 0;
  threshold = Number.POSITIVE_INFINITY;
  /** Acknowledged since the window last grew, in congestion avoidance. */
  #counted = 0;

  /** The segment size is known. `slow`: a SYN was lost, and one segment is to do (RFC 5681 §3.1). */
  begin(mss: number, slow: boolean): void {
    this.window = slow ? mss : initialWindow(mss);
  }

  /** `octets` were newly acknowledged, outside of recovery. `limited`: the window was what held the sender back; else it has no reason to grow. */
  acknowledged(octets: number, mss: number, limited: boolean): void {
    if (!limited) return;
    if (this.window < this.threshold) {
      this.window += Math.min(octets, 2 * mss); // RFC 3465 §2.2: acknowledgements of two segments each
      return;
    }
    this.#counted += octets;
    if (this.#counted >= this.window) {
      this.#counted -= this.window;
      this.window += mss;
    }
  }

  /** A loss was seen by what other segments did (§3.2): half of what was under way. */
  lost(flight: number, mss: number): void {
    this.threshold = Math.max(flight / 2, 2 * mss);
    this.window = this.threshold;
    this.#counted = 0;
  }

  /** Nobody answered in time (§3.1). `again`: for the same segment, when the threshold is left alone. */
  timedOut(flight: number, mss: number, again: boolean): void {
    if (!again) this.threshold = Math.max(flight / 2, 2 * mss);
    this.window = mss;
    this.#counted = 0;
  }

  /** Nothing was sent for longer than a timeout: what was known of the path is old (§4.1). */
  idle(mss: number): void {
    this.window = Math.min(this.window, initialWindow(mss));
  }
}

function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14_600));
}

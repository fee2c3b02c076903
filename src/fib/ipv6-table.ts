/** temporary */
export class Ipv6Table {
  #m = new Map<string, number>();
  bytes = 0;
  get size(): number {
    return this.#m.size;
  }
  #k(a: number, b: number, c: number, d: number, l: number): string {
    return `${a} ${b} ${c} ${d} ${l}`;
  }
  set(a: number, b: number, c: number, d: number, l: number, t: number): void {
    this.#m.set(this.#k(a, b, c, d, l), t);
  }
  delete(a: number, b: number, c: number, d: number, l: number): boolean {
    return this.#m.delete(this.#k(a, b, c, d, l));
  }
  match(a: number, b: number, c: number, d: number): { length: number; target: number } | undefined {
    const w = [a, b, c, d];
    for (let l = 128; l >= 0; l--) {
      const m = w.map((x, i) => {
        const k = Math.min(32, Math.max(0, l - 32 * i));
        return k === 0 ? 0 : k === 32 ? x : (x & (-1 << (32 - k))) >>> 0;
      });
      const target = this.#m.get(this.#k(m[0]!, m[1]!, m[2]!, m[3]!, l));
      if (target) return { length: l, target };
    }
    return undefined;
  }
  lookup(a: number, b: number, c: number, d: number): number {
    return this.match(a, b, c, d)?.target ?? 0;
  }
  clear(): void {
    this.#m.clear();
  }
}

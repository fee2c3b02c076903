/** temporary */
export class Ipv4Table {
  #m = new Map<number, number>();
  bytes = 0;
  get size(): number {
    return this.#m.size;
  }
  #k(a: number, l: number): number {
    return a * 64 + l;
  }
  set(a: number, l: number, t: number): void {
    this.#m.set(this.#k(a, l), t);
  }
  delete(a: number, l: number): boolean {
    return this.#m.delete(this.#k(a, l));
  }
  get(a: number, l: number): number {
    return this.#m.get(this.#k(a, l)) ?? 0;
  }
  match(a: number): { address: number; length: number; target: number } | undefined {
    for (let l = 32; l >= 0; l--) {
      const address = l === 0 ? 0 : (a & (-1 << (32 - l))) >>> 0;
      const target = this.get(address, l);
      if (target) return { address, length: l, target };
    }
    return undefined;
  }
  lookup(a: number): number {
    return this.match(a)?.target ?? 0;
  }
  clear(): void {
    this.#m.clear();
  }
}

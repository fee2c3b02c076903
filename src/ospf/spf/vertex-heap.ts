/** Vertices by least key first, each at most once. @internal */
export class VertexHeap {
  #heap = new Int32Array(64);
  #keys = new Int32Array(64);
  /** Place of a vertex + 1; 0 when it is not in. */
  #place = new Int32Array(64);
  size = 0;

  /** Makes room for vertices below `limit`. */
  reserve(limit: number): undefined {
    if (limit <= this.#place.length) return;
    const room = Math.max(limit, this.#place.length * 2);
    const grow = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const wider = new Int32Array(room);
      wider.set(column);
      return wider;
    };
    this.#heap = grow(this.#heap);
    this.#keys = grow(this.#keys);
    this.#place = grow(this.#place);
  }

  /** Puts a vertex in, or moves it to a lower key; a higher one is ignored. */
  put(vertex: number, key: number): undefined {
    const known = this.#place[vertex];
    if (known !== 0) {
      if (this.#keys[known - 1] > key) this.#rise(known - 1, vertex, key);
    } else this.#rise(this.size++, vertex, key);
  }

  /** The vertex of the least key, or -1. */
  take(): number {
    if (this.size === 0) return -1;
    const first = this.#heap[0];
    this.#place[first] = 0;
    const last = --this.size;
    if (last > 0) this.#sink(this.#heap[last], this.#keys[last]);
    return first;
  }

  #rise(at: number, vertex: number, key: number): undefined {
    const heap = this.#heap;
    const keys = this.#keys;
    const place = this.#place;
    while (at > 0) {
      const up = (at - 1) >> 2;
      if (keys[up] <= key) break;
      heap[at] = heap[up];
      keys[at] = keys[up];
      place[heap[at]] = at + 1;
      at = up;
    }
    heap[at] = vertex;
    keys[at] = key;
    place[vertex] = at + 1;
  }

  #sink(vertex: number, key: number): undefined {
    const heap = this.#heap;
    const keys = this.#keys;
    const place = this.#place;
    const { size } = this;
    let at = 0;
    for (;;) {
      const first = at * 4 + 1;
      if (first >= size) break;
      let least = first;
      const stop = Math.min(first + 4, size);
      for (let child = first + 1; child < stop; child++) if (keys[child] < keys[least]) least = child;
      if (keys[least] >= key) break;
      heap[at] = heap[least];
      keys[at] = keys[least];
      place[heap[at]] = at + 1;
      at = least;
    }
    heap[at] = vertex;
    keys[at] = key;
    place[vertex] = at + 1;
  }
}

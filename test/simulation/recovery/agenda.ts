/** The times at which something may happen, each once: the time between them costs nothing. */
export class Agenda {
  readonly #heap: number[] = [];
  readonly #known = new Set<number>();

  add(at: number): void {
    if (this.#known.has(at)) return;
    this.#known.add(at);
    const heap = this.#heap;
    let index = heap.push(at) - 1;
    while (0 < index) {
      const parent = (index - 1) >> 1;
      if (heap[parent]! <= at) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = at;
  }

  /** Null when nothing is left. */
  next(): number | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    this.#known.delete(first);
    if (0 < heap.length) this.#sink(last);
    return first;
  }

  #sink(value: number): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (heap.length <= child) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
      if (value <= heap[child]!) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = value;
  }
}

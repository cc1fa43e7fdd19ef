/**
 * Tracks the listeners registered in the cluster for one feed, and those that must be removed. Invariant: a listener
 * that the cluster accepted, in time or late, either serves or is on the list of those to remove; it stays there
 * until the cluster has confirmed the removal.
 */
import type { IMap } from "hazelcast-client";

export type FeedListener = {
  readonly map: string;
  readonly key: string;
  readonly hear: (text: unknown) => void;
};

export type FeedListenersDeps = {
  readonly mapOf: (
    name: string,
  ) => Promise<Pick<IMap<string, unknown>, "addEntryListener" | "removeEntryListener">>;
  /** Runs one call under its deadline. */
  readonly call: <T>(what: string, start: () => Promise<T>) => Promise<T>;
};

type Registered = { readonly map: string; readonly id: string };

export class FeedListeners {
  readonly #deps: FeedListenersDeps;
  #serving: readonly Registered[] = [];
  readonly #toEnd = new Set<Registered>();
  #isEnding = false;

  constructor(deps: FeedListenersDeps) {
    this.#deps = deps;
  }

  /** Replaces the listeners that served before; rejects where not all were registered in time. Returns ids. */
  async listen(listeners: readonly FeedListener[]): Promise<readonly string[]> {
    const taken: Registered[] = [];
    let isGivenUp = false;
    const register = async (listener: FeedListener) => {
      const registered = await this.#register(listener);
      if (isGivenUp) this.#end([registered]);
      else taken.push(registered);
      return registered;
    };
    try {
      const serving = await this.#deps.call("listen to feeds", () =>
        Promise.all(listeners.map(register)),
      );
      const before = this.#serving;
      this.#serving = serving;
      this.#end(before);
    } catch (error) {
      isGivenUp = true;
      this.#end(taken);
      throw error;
    }
    return this.#serving.map(({ id }) => id);
  }

  /** Retries the removals that failed. Never rejects; one retry at a time. */
  async endOthers(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const one of this.#toEnd) {
      try {
        await this.#deps.call("end a listener", async () =>
          (await this.#deps.mapOf(one.map)).removeEntryListener(one.id),
        );
        this.#toEnd.delete(one);
      } catch {
        // It stays on the list for the next retry.
      }
    }
    this.#isEnding = false;
  }

  #end(these: readonly Registered[]): void {
    for (const one of these) this.#toEnd.add(one);
    void this.endOthers();
  }

  async #register({ map, key, hear }: FeedListener): Promise<Registered> {
    const onEntry = ({ value }: { readonly value: unknown }) => hear(value);
    const proxy = await this.#deps.mapOf(map);
    return {
      map,
      id: await proxy.addEntryListener({ added: onEntry, updated: onEntry }, key, true),
    };
  }
}

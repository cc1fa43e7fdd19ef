/** How the page uses the stream and its polls, with simulated parts of a browser. */
import { beforeEach, expect, test, vi } from "vitest";

type Live = { now(): number; last(name: string): unknown };
type Scope = {
  poll(of: { path: () => string; everyMs: number; draw: (value: unknown) => void }): () => void;
};
type Page = { openLive(version?: string): Live; scopeOf(live: Live): Scope };
const MODULE = new URL("../../src/dashboard/public/live.js", import.meta.url);

class Source extends EventTarget {
  static open: Source[] = [];
  constructor() {
    super();
    Source.open.push(this);
  }
  close(): void {
    Source.open = Source.open.filter((one) => one !== this);
  }
}

class Tab extends EventTarget {
  hidden = false;
  show(isShown: boolean): void {
    this.hidden = !isShown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let tab: Tab;
let page: Page;
beforeEach(async () => {
  vi.useFakeTimers();
  tab = new Tab();
  Source.open = [];
  vi.stubGlobal("document", tab);
  vi.stubGlobal("EventSource", Source);
  // One window alone: a browser's own locks are in the test of its windows.
  vi.stubGlobal("navigator", {});
  page = await import(MODULE.href);
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test("a hidden tab holds no connection, however long it is hidden, and one that is seen again has one", () => {
  page.openLive();
  expect(Source.open).toHaveLength(1);
  tab.show(false);
  vi.advanceTimersByTime(60_000);
  expect(Source.open).toHaveLength(0);
  tab.show(true);
  expect(Source.open).toHaveLength(1);
});

const DENIED = new DOMException("not allowed in this context", "SecurityError");

test.each([
  ["no locks", BroadcastChannel],
  [
    "no channel",
    function deny() {
      throw DENIED;
    },
  ],
])(
  "where a browser that keeps nothing of a site gives %s, a window has a stream of its own",
  async (_, Channel) => {
    let asked = 0;
    const request = async (): Promise<void> => {
      asked += 1;
      // A page that polls endlessly would end here, without keeping the test from its end.
      if (9 < asked) await new Promise(() => undefined);
      throw DENIED;
    };
    vi.stubGlobal("navigator", { locks: { request } });
    vi.stubGlobal("BroadcastChannel", Channel);
    page.openLive();
    await vi.advanceTimersByTimeAsync(1);
    expect(Source.open).toHaveLength(1);
    expect(asked).toBeLessThan(2);
  },
);

function beat(aheadMs: number, version = "a"): void {
  const value = { pid: 1, page: version };
  const data = JSON.stringify({ at_ms: Date.now() + aheadMs, value });
  Source.open[0]?.dispatchEvent(new MessageEvent("beat", { data }));
}

test("a page is outdated while the server has other files than it was loaded from, from the first beat on", () => {
  const live = page.openLive("a");
  const told = ["b", "a", "a", "b"].map((version) => {
    beat(0, version);
    return live.last("outdated");
  });
  expect(told).toEqual([true, false, false, true]);
});

test("ages follow the clocks again soon after one of them was set", () => {
  const live = page.openLive();
  beat(3_600_000);
  beat(3_599_000);
  expect(live.now() - Date.now()).toBe(3_600_000);
  beat(0);
  expect(live.now()).toBe(Date.now());
});

test("ages do not follow what this machine's own clock is set to, and catch up after it slept", () => {
  const live = page.openLive();
  beat(0);
  const serverMs = Date.now();
  vi.setSystemTime(serverMs - 3_600_000);
  expect(live.now()).toBe(serverMs);
  vi.advanceTimersByTime(1_000);
  expect(live.now()).toBe(serverMs + 1_000);
  vi.setSystemTime(serverMs + 7_200_000);
  // A message from before the sleep arrives late, then a present one.
  beat(-7_000_000);
  beat(0);
  expect(live.now()).toBe(serverMs + 7_200_000);
});

test("the last request is drawn, also where an earlier one is answered later", async () => {
  const asked: { readonly path: string; answer(of: Response): void }[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    asked.push({ path, answer: resolve });
    return promise;
  });
  const drawn: unknown[] = [];
  let path = "a";
  const scope = page.scopeOf(page.openLive());
  const draw = (value: unknown) => void drawn.push(value);
  const again = scope.poll({ path: () => path, everyMs: 60_000, draw });
  path = "b";
  again();
  for (const one of asked.toReversed()) one.answer(Response.json(one.path));
  await vi.waitFor(() => expect(drawn).toContain("b"));
  await vi.advanceTimersByTimeAsync(1);
  expect(drawn).toEqual(["b"]);
});

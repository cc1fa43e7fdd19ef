import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attemptWaitMs,
  dealSymbols,
  reconnectWaitMs,
  renewAfterMs,
} from "../../../src/domain/order-book/connections.ts";

describe("connections to a venue", () => {
  test("share the symbols evenly, none over its limit, each once", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 500 }),
        fc.integer({ min: 1, max: 200 }),
        (count, perConnection) => {
          const symbols = Array.from({ length: count }, (_, at) => `S${at}`);
          const dealt = dealSymbols(symbols, { perConnection, connectionsMin: 2 });
          expect(dealt.flat().toSorted()).toEqual(symbols.toSorted());
          const sizes = dealt.map(({ length }) => length);
          expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(perConnection);
          expect(Math.max(0, ...sizes) - Math.min(...sizes, perConnection)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test("come back later the more often they failed, and never all at once", () => {
    expect(reconnectWaitMs(1, 0)).toBe(250);
    expect(reconnectWaitMs(1, 1)).toBe(500);
    expect(reconnectWaitMs(4, 1)).toBe(4_000);
    expect(reconnectWaitMs(1_000, 1)).toBe(60_000);
  });

  test("are renewed before the venue ends them", () => {
    expect(renewAfterMs(0)).toBe(22 * 3_600_000);
    expect(renewAfterMs(1)).toBeLessThan(24 * 3_600_000);
  });

  test("are attempted no more often than the venue bears", () => {
    const attempts: number[] = [];
    let nowMs = 0;
    let opened = 0;
    while (nowMs < 300_000) {
      const waitMs = attemptWaitMs(attempts, nowMs);
      if (waitMs === 0) {
        attempts.push(nowMs);
        opened += 1;
        nowMs += 10;
      } else {
        nowMs += waitMs;
      }
    }
    expect(opened).toBe(150);
  });
});

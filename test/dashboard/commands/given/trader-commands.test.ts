import { expect, test } from "vitest";
import { answerOf } from "../../../../src/dashboard/commands/given/trader-commands.ts";

const answer = { id: "1", ok: true, detail: "flatten: it goes", status: null, trades: null };

test("a book that still holds something after its flatten is reported as not done, with what it holds", () => {
  const left = [{ id: "p1", asset: "BTCUSDT", why: "no price for BTCUSDT" }];
  expect(answerOf("BLUE", { answer, left })).toEqual({
    ok: false,
    says: "BLUE: flatten: it goes; halted, still open: no price for BTCUSDT",
    outcome: "partly",
  });
});

test("a flat book is done", () => {
  expect(answerOf("BLUE", { answer, left: [] })).toEqual({
    ok: true,
    says: "BLUE: flatten: it goes",
  });
});

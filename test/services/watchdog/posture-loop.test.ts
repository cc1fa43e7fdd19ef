/** The answers to an operator's stop. */
import { expect, test } from "vitest";
import { POSTURE_RULES } from "../../../src/domain/safety/posture-rules.ts";
import { CAUTIOUS } from "../../../src/domain/safety/step-posture.ts";
import { PostureLoop, type PostureLoopDeps } from "../../../src/services/watchdog/posture-loop.ts";

const failing = (isFailing: boolean) => () => {
  if (isFailing) throw new Error("no room");
};

function loopWith(
  fails: { readonly save: boolean; readonly audit: boolean },
  over: Partial<PostureLoopDeps> = {},
): PostureLoop {
  return new PostureLoop({
    found: { kept: CAUTIOUS, how: "" },
    rules: POSTURE_RULES,
    isTraderWanted: false,
    isHealthWanted: false,
    tellTrader: async () => null,
    readHealth: () => null,
    readForewarn: () => null,
    publish: async () => undefined,
    save: failing(fails.save),
    audit: failing(fails.audit),
    now: () => ({ monotonicMs: 0, wallMs: 0 }),
    say: () => undefined,
    ...over,
  });
}

test.each([
  [{ save: false, audit: false }, "closed at the next fresh scan"],
  [{ save: true, audit: false }, "could not be saved (no room): only the audit log records it"],
  [{ save: true, audit: true }, "could not be saved (no room): it ends with this process"],
])("with failures of %o a halt ends with: %s", (fails, ending) => {
  const order = {
    command: "halt",
    id: "1",
    by: "ann",
    reason: "news",
    positions: "close",
  } as const;
  const said = loopWith(fails).obey(order);
  expect(said.endsWith(ending)).toBe(true);
});

test.each([
  ["older", "HIBERNATE"],
  [null, "TURTLE"],
] as const)(
  "a halt that keeps positions, beside a trader that is %s, is published as %s",
  async (trader, posture) => {
    const published: string[] = [];
    const said: string[] = [];
    const loop = loopWith(
      { save: false, audit: false },
      {
        tellTrader: async () => trader,
        publish: async (state) => void published.push(state.posture),
        say: (_level, line) => said.push(line),
      },
    );
    await loop.round();
    await loop.round();
    const order = {
      command: "halt",
      id: "1",
      by: "ann",
      reason: "news",
      positions: "keep",
    } as const;
    loop.obey(order);
    expect([published.at(-1), loop.view().posture]).toEqual([posture, "TURTLE"]);
    const warnings = said.filter((line) => line.startsWith("the trader runs an older version"));
    expect(warnings).toHaveLength(trader === "older" ? 1 : 0);
  },
);

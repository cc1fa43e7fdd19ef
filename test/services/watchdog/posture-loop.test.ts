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

test("a loss while an operator's stop keeps positions is a stop of its own: audited, and not resumed by who did not see it", async () => {
  const actions: string[] = [];
  let equity = 100_000;
  let nowMs = 0;
  const loop = loopWith(
    { save: false, audit: false },
    {
      isTraderWanted: true,
      tellTrader: async () => ({ equity, evidence: `${nowMs}`, ageMs: 0, inputs: [] }),
      audit: ({ action, posture }) => void actions.push(`${action} ${posture}`),
      now: () => ({ monotonicMs: nowMs, wallMs: nowMs }),
    },
  );
  const turn = async () => {
    nowMs += 500;
    await loop.round();
  };
  for (let round = 0; round < 4; round += 1) await turn();
  const order = { by: "ann", reason: "news" } as const;
  loop.obey({ ...order, command: "halt", id: "1", positions: "keep" });
  const stop = loop.view().latch?.at ?? "";
  equity = 70_000;
  for (let round = 0; round < 4; round += 1) await turn();
  expect(loop.view()).toMatchObject({ posture: "HIBERNATE", latch: { by: "watchdog" } });
  expect(loop.view().latch?.why).toMatch(/the limit; ann had stopped it before: news$/);
  expect(actions).toEqual(["halt TURTLE", "stop HIBERNATE"]);
  expect(loop.figures().stops).toBe(2);
  const resume = { ...order, command: "resume", id: "2" } as const;
  expect(() => loop.obey({ ...resume, stop })).toThrow(/^not resumed: since you looked/);
  expect(loop.obey({ ...resume, stop: loop.view().latch?.at ?? "" })).toContain("resumed");
});

test("a resume that could not be saved says what a restart may find", () => {
  const loop = loopWith({ save: true, audit: false });
  const order = { id: "1", by: "ann", reason: "news" } as const;
  loop.obey({ ...order, command: "halt", positions: "close" });
  const said = loop.obey({ ...order, id: "2", command: "resume" });
  expect(said).toMatch(/could not be saved \(no room\): a restart may find it stopped$/);
});

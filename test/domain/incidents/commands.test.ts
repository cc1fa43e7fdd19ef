/** A command whose answer was lost is answered again. */
import { expect, test } from "vitest";
import { ruleOf, watching } from "../../helpers/incidents/watching.ts";

const FLAP = ruleOf({ name: "flap", when: "x.on" });

test("a mute is made once for a request, also after a restart, and after it was ended", () => {
  const engine = watching({ rules: [FLAP], facts: { "x.on": true } });
  engine.pass(1);
  const { says } = engine.mute("flap", 60_000, "7");
  engine.pass(10);
  engine.restart();
  expect(engine.mute("flap", 60_000, "7")).toMatchObject({ ok: true, says, stepped: null });
  expect(engine.state().mutes).toHaveLength(1);
  const [muted] = engine.state().mutes;
  expect(engine.unmute(muted?.id ?? "", "8").ok).toBe(true);
  expect(engine.unmute(muted?.id ?? "", "8").ok).toBe(true);
  expect(engine.unmute(muted?.id ?? "", "9").ok).toBe(false);
  expect(engine.mute("flap", 60_000, "7").says).toBe(says);
  expect(engine.state().mutes).toEqual([]);
});

test("of commands that were done the last hundred are remembered", () => {
  const engine = watching({ rules: [FLAP] });
  for (let at = 0; at < 150; at += 1) engine.mute("flap", 60_000, `${at}`);
  expect(engine.state().done).toHaveLength(100);
  expect(engine.state().done?.at(-1)?.request).toBe("mute 149");
});

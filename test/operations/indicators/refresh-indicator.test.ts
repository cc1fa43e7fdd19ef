import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VenueFault } from "../../../src/embedded/simulated-venues/simulated-venues.ts";
import { configuredIndicator } from "../../../src/operations/indicators/configured-indicators.ts";
import { isoFromMicros } from "../../../src/domain/time.ts";
import { feedNamed } from "../../../src/wire/feeds/feeds.ts";
import { INDICATOR_TEXT_CHARS_MAX } from "../../../src/wire/indicators/indicator-value.ts";
import { openIndicatorStage, START_MS } from "./stage.ts";

let stage: Awaited<ReturnType<typeof openIndicatorStage>>;
beforeEach(async () => {
  stage = await openIndicatorStage();
});
afterEach(() => stage.close());

const NOW = "2026-03-25T08:08:17.250000+00:00";
const changed = (change: (body: never) => unknown): VenueFault => ({
  kind: "changed",
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test knows what its venue sends
  change: (body) => change(body as never),
});
const text = (words: string): VenueFault => ({ kind: "text", text: words });

describe("each indicator is reported with its unit, its own time, its source and the hash of that", () => {
  test.each([
    ["funding", "BTCUSDT", "share per 8 h", NOW],
    ["funding_settled", "BTCUSDT", "share per interval", "2026-03-25T08:00:00.000000+00:00"],
    ["premium", "BTCUSDT", "bps", NOW],
    ["open_interest", "BTCUSDT", "base asset", NOW],
    ["dvol", "ETH", "% a year", "2026-03-25T08:08:00.000000+00:00"],
    ["fear_greed", "index", "0-100", "2026-03-25T00:00:00.000000+00:00"],
  ])("%s", async (name, label, unit, as_of) => {
    const { values, problems } = await stage.refresh(name);
    expect(problems).toEqual([]);
    expect(values.at(-1)).toBeDefined();
    const value = stage.valueOf(`exf_${name}`);
    expect(value).toMatchObject({
      value: expect.any(Number) as unknown,
      source: expect.stringMatching(/^simulated /) as unknown,
      source_hash: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      fetched_at: NOW,
      _pushed_at: NOW,
      values: { [label]: { unit, as_of } },
    });
    expect(stage.valueOf("exf_latest")[name]).toEqual(value);
  });
});

test("a changed interval of funding is reported with the rate", async () => {
  await stage.refresh("funding_settled");
  expect(stage.valueOf("exf_funding_settled")).toMatchObject({
    next_at: "2026-03-25T16:00:00.000000+00:00",
    warn_s: 8.5 * 3_600,
    stale_s: 9 * 3_600,
  });
  stage.venues.setFundingHours("BTCUSDT", 4);
  await stage.refresh("funding");
  await stage.refresh("funding_settled");
  expect(stage.valueOf("exf_funding")).toMatchObject({
    unit: "share per 4 h",
    values: { "BTCUSDT.interval_h": { value: 4 } },
  });
  // A settlement that is missing after four hours is not excused for another four.
  expect(stage.valueOf("exf_funding_settled")).toMatchObject({
    next_at: "2026-03-25T12:00:00.000000+00:00",
    warn_s: 4.5 * 3_600,
    stale_s: 5 * 3_600,
  });
  const settings = { url: stage.venues.url, stale_s: 40_000 };
  await stage.refresh(await configuredIndicator("funding_settled", settings));
  expect(stage.valueOf("exf_funding_settled")).toMatchObject({ warn_s: 30_600, stale_s: 40_000 });
});

test("a text that no reader would take is not written", async () => {
  await stage.refresh("open_interest", ["BTCUSDT"]);
  const before = stage.valueOf("exf_open_interest");
  // It can be read, and has no room for one more value.
  const textWith = (note: string) => {
    const { values: _own, warn_s: _warn, stale_s: _stale, _pushed_at, ...value } = before;
    return JSON.stringify({ ...before, values: { ETHUSDT: { ...value, note } } });
  };
  const standing = textWith("x".repeat(INDICATOR_TEXT_CHARS_MAX - textWith("").length));
  expect(standing).toHaveLength(INDICATOR_TEXT_CHARS_MAX);
  stage.put("exf_open_interest", standing);
  stage.clock.nowMs += 60_000;
  const problem = await stage.problem("open_interest", ["BTCUSDT"]);
  expect(problem).toMatchObject({ why: "too_large", isFinal: true });
  expect(problem.message).toContain(`may have ${INDICATOR_TEXT_CHARS_MAX}`);
  expect(stage.valueOf("exf_open_interest")["as_of"]).toBe(NOW);
});

test("a symbol that is gone keeps its old time, and the others go on", async () => {
  await stage.refresh("open_interest", ["BTCUSDT", "ETHUSDT"]);
  stage.venues.setSymbols(["ETHUSDT"]);
  stage.clock.nowMs += 60_000;
  const { problems } = await stage.refresh("open_interest", ["BTCUSDT", "ETHUSDT"]);
  expect(problems).toMatchObject([{ symbol: "BTCUSDT", why: "no_such_symbol" }]);
  const later = "2026-03-25T08:09:17.250000+00:00";
  expect(stage.valueOf("exf_open_interest")).toMatchObject({
    as_of: NOW,
    values: { BTCUSDT: { as_of: NOW }, ETHUSDT: { as_of: later } },
    _pushed_at: later,
  });
});

describe("what is wrong has a name, and what is unchanged keeps its time", () => {
  test.each<[string, string, VenueFault]>([
    ["funding", "rate_limited", { kind: "status", status: 429, retryAfter: "7" }],
    ["funding", "rate_limited", { kind: "status", status: 418 }],
    ["dvol", "rate_limited", text('{"jsonrpc":"2.0","error":{"code":10028,"message":"too"}}')],
    ["funding", "server_error", { kind: "status", status: 503 }],
    ["funding", "refused", { kind: "status", status: 403 }],
    ["funding", "unreachable", { kind: "half" }],
    ["funding", "too_large", { kind: "huge" }],
    ["funding", "timeout", { kind: "hang" }],
    ["funding", "timeout", { kind: "drip" }],
    ["funding", "garbled", text("<html>502 Bad Gateway</html>")],
    ["funding", "garbled", text('{"symbol":"BTCUSDT","lastFundingRate":NaN}')],
    ["funding", "wrong_shape", text("[]")],
    ["funding", "wrong_shape", text("null")],
    ["funding", "wrong_shape", changed((body: object) => ({ ...body, lastFundingRate: "NaN" }))],
    ["funding", "wrong_shape", changed((body: object) => ({ ...body, lastFundingRate: null }))],
    ["funding", "wrong_shape", changed((body: object) => ({ ...body, time: "soon" }))],
    ["funding", "out_of_range", changed((body: object) => ({ ...body, lastFundingRate: "38.2" }))],
    ["funding", "bad_time", changed((body: object) => ({ ...body, time: 1 }))],
    ["funding", "bad_time", changed((body: object) => ({ ...body, time: START_MS + 3_600_000 }))],
    ["funding_settled", "no_such_symbol", text("[]")],
    ["fear_greed", "venue_error", text('{"data":[],"metadata":{"error":"no data"}}')],
    [
      "dvol",
      "out_of_range",
      changed(() => ({ result: { data: [[START_MS - 120_000, 0.21, 0.21, 0.21, 0.21]] } })),
    ],
  ])("%s: %s by %j", async (name, why, fault) => {
    await stage.refresh(name);
    const before = stage.valueOf(`exf_${name}`);
    stage.clock.nowMs += 60_000;
    const paths = { funding: "/fapi/v1/premiumIndex", funding_settled: "/fapi/v1/fundingRate" };
    // It never answers: however slow this machine is, it need not be waited for.
    if (why === "timeout") stage.limits.deadlineMs = 200;
    stage.venues.misbehave(Object.entries(paths).find(([of]) => of === name)?.[1] ?? "/", fault);
    expect(await stage.problem(name)).toMatchObject({ why });
    expect(stage.valueOf(`exf_${name}`)).toEqual(before);
  });

  test("numbers where texts were, and texts where numbers were, are read", async () => {
    stage.venues.misbehave(
      "/fapi/v1/premiumIndex",
      changed((body: { lastFundingRate: string; time: number }) => ({
        lastFundingRate: Number(body.lastFundingRate),
        time: String(body.time),
      })),
    );
    const { values } = await stage.refresh("funding");
    expect(values[0]).toMatchObject({ label: "BTCUSDT", as_of: NOW, outcome: "fresh" });
  });
});

test("the same old value for ever is pushed, and is as old as it says", async () => {
  const openInterest = "90000.125";
  const same = text(JSON.stringify({ openInterest, symbol: "BTCUSDT", time: START_MS }));
  stage.venues.misbehave("/fapi/v1/openInterest", same);
  await stage.refresh("open_interest");
  stage.clock.nowMs += 3_600_000;
  const { values } = await stage.refresh("open_interest");
  expect(values).toMatchObject([{ outcome: "repeated", as_of: NOW }]);
  expect(stage.valueOf("exf_open_interest")).toMatchObject({
    as_of: NOW,
    _pushed_at: "2026-03-25T09:08:17.250000+00:00",
  });
  expect(stage.readings.history("open_interest", { count: 9, toUs: null })).toMatchObject([
    { seen: 2 },
  ]);
});

test("an older one is kept and not pushed, and a revised one is pushed and kept beside the first", async () => {
  await stage.refresh("open_interest");
  const say = (openInterest: string, time: number) =>
    stage.venues.misbehave("/fapi/v1/openInterest", text(JSON.stringify({ openInterest, time })));
  say("7", START_MS - 60_000);
  expect((await stage.refresh("open_interest")).values).toMatchObject([{ outcome: "older" }]);
  expect(stage.valueOf("exf_open_interest")["as_of"]).toBe(NOW);
  stage.clock.nowMs += 1_000;
  say("8", START_MS);
  expect((await stage.refresh("open_interest")).values).toMatchObject([{ outcome: "revised" }]);
  expect(stage.valueOf("exf_open_interest")).toMatchObject({ as_of: NOW, value: 8 });
  const rows = stage.readings.history("open_interest", { count: 9, toUs: null });
  expect(rows.map(({ value, pushedUs }) => [value, pushedUs === null])).toEqual([
    [8, false],
    [expect.any(Number), false],
    [7, true],
  ]);
  // A question about an earlier time is answered with what was known then.
  const [known] = stage.readings.knownAt(START_MS * 1_000);
  expect(known).toMatchObject({ series: "open_interest.BTCUSDT", value: rows[1]?.value });
  expect(stage.readings.knownAt(stage.clock.nowMs * 1_000)).toMatchObject([{ value: 8 }]);
});

test("a reading is known in the store from the time that its text says", async () => {
  stage.clock.tickUs = 1_000;
  for (const name of ["dvol", "esoteric"]) {
    await stage.refresh(name);
    const { _pushed_at } = stage.valueOf(name === "esoteric" ? "esof_latest" : `exf_${name}`);
    const rows = stage.readings.history(name, { count: 99, toUs: null });
    expect(new Set(rows.map(({ pushedUs }) => isoFromMicros(pushedUs!)))).toEqual(
      new Set([_pushed_at]),
    );
  }
  // A clock that was set back does not change what was known before.
  const say = (openInterest: string) => {
    const body = JSON.stringify({ openInterest, time: START_MS });
    stage.venues.misbehave("/fapi/v1/openInterest", text(body));
  };
  say("7");
  await stage.refresh("open_interest");
  const [{ pushedUs } = { pushedUs: null }] = stage.readings.history("open_interest", {
    count: 1,
    toUs: null,
  });
  const before = stage.readings.knownAt(pushedUs!);
  stage.clock.nowMs -= 30_000;
  say("8");
  expect((await stage.refresh("open_interest")).values).toMatchObject([{ outcome: "revised" }]);
  expect(stage.readings.knownAt(pushedUs!)).toEqual(before);
  expect(stage.readings.knownAt(pushedUs! + 1)).toContainEqual(
    expect.objectContaining({ series: "open_interest.BTCUSDT", value: 8 }),
  );
});

const known = () =>
  stage.readings
    .history("open_interest", { count: 9, toUs: null })
    .map(({ value, pushedUs }) => [value, pushedUs === null ? null : isoFromMicros(pushedUs)]);
const say = (openInterest: string, time: number) =>
  stage.venues.misbehave("/fapi/v1/openInterest", text(JSON.stringify({ openInterest, time })));

describe("the store knows a reading from the time at which a trader could receive it", () => {
  const LATER = "2026-03-25T08:08:47.250000+00:00";

  test.each([
    ["its own text was stored and not answered", "exf_open_interest"],
    ["the text of all was not answered", "exf_latest"],
  ])("%s, and the next try finds the same, or a newer one", async (_, key) => {
    say("7", START_MS);
    stage.unanswered.key = key;
    expect(await stage.problem("open_interest")).toMatchObject({ why: "hazelcast" });
    stage.unanswered.key = "";
    stage.clock.nowMs += 30_000;
    expect((await stage.refresh("open_interest")).values).toMatchObject([{ outcome: "repeated" }]);
    expect(known()).toEqual([[7, NOW]]);
    stage.unanswered.key = key;
    say("8", START_MS + 30_000);
    await stage.problem("open_interest");
    stage.unanswered.key = "";
    stage.clock.nowMs += 30_000;
    say("9", START_MS + 60_000);
    await stage.refresh("open_interest");
    expect(known().slice(1)).toEqual([
      [8, LATER],
      [7, NOW],
    ]);
  });

  test("nothing is known before the indicator's own value came, because no text says it", async () => {
    stage.venues.setSymbols(["ETHUSDT"]);
    await stage.refresh("open_interest", ["BTCUSDT", "ETHUSDT"]);
    expect(stage.valueOf("exf_open_interest")).toBeNull();
    expect(known()).toEqual([[expect.any(Number), null]]);
  });

  test("computed factors, each try of which has a time of its own", async () => {
    stage.unanswered.key = "esof_latest";
    await stage.problem("esoteric");
    stage.unanswered.key = "";
    const first = stage.valueOf("esof_latest");
    stage.clock.nowMs += 30_000;
    await stage.refresh("esoteric");
    const [moon] = stage.readings
      .knownAt(START_MS * 1_000 + 1_000_000)
      .filter(({ series }) => series === "esoteric.moon_age");
    expect(moon).toMatchObject({ value: first["moon_age"], pushedUs: START_MS * 1_000 });
  });
});

test("a venue that says wait is asked by nobody until then", async () => {
  stage.venues.misbehave("/fapi/v1/premiumIndex", {
    kind: "status",
    status: 429,
    retryAfter: "30",
  });
  expect(await stage.problem("premium")).toMatchObject({ why: "rate_limited", waitMs: 30_000 });
  stage.venues.misbehave("/fapi/v1/premiumIndex", null);
  const asked = stage.venues.asked.length;
  stage.clock.nowMs += 29_000;
  expect(await stage.problem("open_interest")).toMatchObject({
    why: "told_to_wait",
    waitMs: 1_000,
  });
  expect(stage.venues.asked).toHaveLength(asked);
  // Another venue is another budget.
  await stage.refresh("dvol");
  stage.clock.nowMs += 1_001;
  await stage.refresh("open_interest");
});

test("after five failures in a row a venue is left alone, and one probe lets it in again", async () => {
  stage.venues.misbehave("/fng", { kind: "status", status: 500 });
  for (let n = 0; n < 5; n += 1) {
    expect(await stage.problem("fear_greed")).toMatchObject({ why: "server_error" });
  }
  const asked = stage.venues.asked.length;
  expect(await stage.problem("fear_greed")).toMatchObject({ why: "circuit_open" });
  expect(stage.venues.asked).toHaveLength(asked);
  stage.clock.nowMs += 30_001;
  stage.venues.misbehave("/fng", null);
  await stage.refresh("fear_greed");
  expect(stage.venue("alternative.me")).toMatchObject({ failures: 0, openUntilMs: 0 });
});

test("what ends on our side is no failure of the venue", async () => {
  const nowhere = await configuredIndicator("fear_greed", { url: "ftp://nowhere" });
  expect(await stage.problem(nowhere)).toMatchObject({ why: "bad_address" });
  stage.stop();
  expect(await stage.problem("fear_greed")).toMatchObject({ why: "stopped" });
  expect(stage.venue("alternative.me")).toMatchObject({ failures: 0, openUntilMs: 0 });
});

test("the budget of a venue is one for all that reads from it, and refills", async () => {
  for (let n = 0; n < 10; n += 1) await stage.refresh("fear_greed");
  expect(await stage.problem("fear_greed")).toMatchObject({ why: "over_budget", waitMs: 6_000 });
  stage.clock.nowMs += 6_000;
  await stage.refresh("fear_greed");
});

test("esoteric factors are worked out, stand flat in esof_latest, and are kept", async () => {
  const { values } = await stage.refresh("esoteric");
  const value = stage.valueOf("esof_latest");
  expect(value).toMatchObject({
    weekday: 3,
    mercury_retrograde: 0,
    session_london_open: 1,
    as_of: NOW,
    _pushed_at: NOW,
    source: "computed",
  });
  // A week after the new moon of 2026-03-19 01:23 UTC.
  expect(value["moon_age"]).toBeCloseTo(6.281, 2);
  expect(stage.venues.asked).toEqual([]);
  expect(stage.valueOf("exf_latest")).toBeNull();
  const kept = stage.readings.history("esoteric", { count: 99, toUs: null });
  expect(kept).toHaveLength(values.length);
  const feed = feedNamed("esof_latest");
  const facts = feed?.read(JSON.stringify(value), "esof_latest").facts ?? [];
  expect(facts).toHaveLength(values.length);
  expect(facts).toContainEqual({
    kind: "feature",
    name: "esof_latest.weekday",
    value: 3,
    asOfMs: START_MS,
    knownMs: START_MS,
  });
});

test("a trader hears the value of an indicator, and that of each of its labels", async () => {
  await stage.refresh("dvol");
  const written = JSON.stringify(stage.valueOf("exf_dvol"));
  const { facts } = feedNamed("exf_dvol")?.read(written, "exf_dvol") ?? { facts: [] };
  const names = facts.map((fact) => (fact.kind === "feature" ? fact.name : fact.kind));
  expect(names).toEqual(["exf_dvol", "exf_dvol.BTC", "exf_dvol.ETH"]);
});

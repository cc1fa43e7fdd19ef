import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  acceptance,
  CANARY,
  FIRE,
  HTTP_KINDS,
  type HttpKind,
  openAt,
} from "../../helpers/alerts/channels.ts";
import {
  answering,
  babbling,
  dripping,
  flooding,
  openOtherSide,
  type OtherSide,
  silent,
} from "../../helpers/alerts/other-side.ts";
import { UNTRUSTED } from "../../helpers/alerts/untrusted-certificate.ts";

/** An answer of 2xx is all that they ask for. */
const TAKES_ANY: readonly HttpKind[] = ["webhook", "pagerduty", "ntfy"];
/** For what is never answered. The later ones are for a machine on which the first is over too soon. */
const DEADLINES_MS = [300, 3_000, 30_000];

describe.each(HTTP_KINDS)("%s", (kind) => {
  let other: OtherSide;
  let untrusted: OtherSide;
  beforeAll(async () => {
    other = await openOtherSide();
    untrusted = await openOtherSide(UNTRUSTED);
  });
  afterAll(async () => {
    await other.close();
    await untrusted.close();
  });
  const send = () => openAt(kind, other.url).send(FIRE);
  /** Until something else comes than `tooSoon`. */
  const sendInTime = async (tooSoon: string) => {
    for (const deadlineMs of DEADLINES_MS) {
      const answer = await openAt(kind, other.url, deadlineMs).send(FIRE);
      if (!answer.says.includes(tooSoon)) return answer;
    }
    throw new Error(`only ${tooSoon}`);
  };

  it("is accepted where all is well", async () => {
    other.answer(acceptance(kind));
    expect(await send()).toMatchObject({ kind: "accepted" });
  });

  it.each([
    ["429 with Retry-After", answering(429, { headers: { "retry-after": "7" } }), 7_000, "refused"],
    ["429 with a fraction", answering(429, { headers: { "retry-after": "0.5" } }), 500, "refused"],
    ["429 without a wish", answering(429), null, "refused"],
    ["429 with nonsense", answering(429, { headers: { "retry-after": "soon" } }), null, "refused"],
    ["500", answering(500, { body: "<html>" }), null, "unknown"],
    ["503 with Retry-After", answering(503, { headers: { "retry-after": "3" } }), 3_000, "unknown"],
    ["what is no HTTP", babbling(), null, "unknown"],
  ])("tries again after %s", async (_, answer, afterMs, outcome) => {
    other.answer(answer);
    expect(await send()).toMatchObject({ kind: "failed", afterMs, outcome });
  });

  it("tries again after no answer at all", async () => {
    other.answer(silent());
    expect(await sendInTime("no connection")).toMatchObject({
      kind: "failed",
      outcome: "unknown",
      says: expect.stringContaining("no answer in"),
    });
  });

  it("tries again where nothing listens", async () => {
    const gone = await openOtherSide();
    await gone.close();
    expect(await openAt(kind, gone.url).send(FIRE)).toMatchObject({
      kind: "failed",
      outcome: "refused",
      says: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("reports a certificate that nobody vouches for", async () => {
    untrusted.answer(acceptance(kind));
    expect(await openAt(kind, untrusted.url).send(FIRE)).toMatchObject({
      kind: "failed",
      outcome: "refused",
      says: expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT"),
    });
    expect(untrusted.heard).toEqual([]);
  });

  it.each([301, 302, 307, 308])("follows no redirect (%i) to a private address", async (status) => {
    const secret = await openOtherSide();
    other.answer(answering(status, { headers: { location: `${secret.url}/metadata` } }));
    expect(await send()).toMatchObject({
      kind: "refused",
      mayPass: true,
      says: expect.stringContaining(`${status}`),
    });
    expect(secret.heard).toEqual([]);
    await secret.close();
  });

  it.each([
    [400, false],
    [401, true],
    [403, true],
    [404, true],
    [407, true],
    [410, false],
    [413, false],
    [422, false],
  ])("is refused with %i, and tells it; whether that may pass: %s", async (status, mayPass) => {
    other.answer(answering(status, { body: "no_service" }));
    expect(await send()).toEqual({
      kind: "refused",
      says: `it answered ${status}: no_service`,
      mayPass,
    });
  });

  const whole = TAKES_ANY.includes(kind)
    ? { kind: "accepted" }
    : { kind: "failed", outcome: "unknown" };

  it("reads no more than its limit of 10 MB", async () => {
    other.answer(flooding(200, 10_000_000));
    const answer = await send();
    expect(answer).toMatchObject(whole);
    expect(answer.says.length).toBeLessThan(300);
  });

  it("ends a slow drip", async () => {
    other.answer(dripping(200));
    expect(await sendInTime("no answer in")).toMatchObject(whole);
  });

  it.each(["{", "[]", "null", '"ok"', '{"ok":1,"id":7}', "\u0000\u001b[2J"])(
    "makes no harm of %j",
    async (body) => {
      other.answer(answering(200, { body }));
      const answer = await send();
      expect(answer).toMatchObject(whole);
      // oxlint-disable-next-line no-control-regex -- that is what is looked for
      expect(answer.says).not.toMatch(/[\u0000-\u001f]/);
    },
  );

  it("repeats no secret that the other side repeats", async () => {
    other.answer((response, { path, headers, body }) =>
      response.writeHead(400).end(`${path} ${headers.authorization} ${body.slice(0, 60)}`),
    );
    const answer = await send();
    expect(answer.kind).toBe("refused");
    expect(answer.says).not.toContain(CANARY);
    expect(JSON.stringify(other.heard.at(-1))).toContain(CANARY);
  });
});

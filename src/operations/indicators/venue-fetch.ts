/** Makes a request to a venue within the budget that all workers share, and reports the outcome to that budget. */
import { messageOf } from "../../domain/failure.ts";
import type { FetchedKind, IndicatorAsk } from "../../domain/indicators/indicator-kind.ts";
import { shown } from "../../domain/indicators/indicator-reader.ts";
import {
  askVenue,
  type Grant,
  unusedVenue,
  venueAnswered,
  type VenueAnswer,
  type VenueState,
} from "../../domain/indicators/venue-budget.ts";
import { isoFromMs, MS_PER_MINUTE, US_PER_MS } from "../../domain/time.ts";
import { boundedFetch, type HttpAnswer } from "../../adapters/http/bounded-fetch.ts";
import type { FeatureStore } from "../../adapters/indicators/feature-store.ts";
import { parseVenue, VENUES_MAP } from "../../wire/indicators/venue-value.ts";
import type { ConfiguredIndicator } from "./configured-indicators.ts";
import { RefreshProblem, type RefreshWhy } from "./refresh-problem.ts";

export type VenueBody = { readonly body: unknown; readonly text: string; readonly source: string };

type Asking = {
  readonly indicator: Pick<ConfiguredIndicator, "url">;
  readonly kind: Pick<FetchedKind, "venue">;
  readonly features: FeatureStore;
  readonly nowUs: () => number;
  /** Of one answer, however slowly it arrives. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
};

export const ANSWER_DEADLINE_MS = 10_000;
/** The answer with all symbols of a venue is a tenth of this. */
const BYTES_MAX = 2 * 1_048_576;
/** Used where the venue gives no time: a ban (418) lasts longer than seconds. */
const WAIT_MS: Readonly<Record<number, number>> = { 429: 10_000, 418: 2 * MS_PER_MINUTE };
const OFTEN_STATUSES = [429, 418];
/** Deribit's code, with any HTTP status. */
const TOO_MANY_CODE = 10_028;
/** Binance's code. */
const NO_SUCH_SYMBOL_CODE = -1_121;

/** A simulated venue sets this in each answer, and readers of the value see it. */
const SIMULATED_HEADER = "x-dolphin-simulated";

/** @throws {RefreshProblem} */
export async function fetchWithin(ask: IndicatorAsk, asking: Asking): Promise<VenueBody> {
  const { indicator, kind } = asking;
  await takeFromBudget(ask, asking);
  const answer = await boundedFetch(
    {
      url: `${indicator.url.replace(/\/$/, "")}${ask.path}`,
      headers: { Accept: "application/json" },
    },
    { deadlineMs: asking.deadlineMs, bytesMax: BYTES_MAX, signal: asking.signal },
  );
  if (answer.kind === "failed") {
    const isOurs = answer.why === "stopped" || answer.why === "bad_address";
    if (!isOurs) await tellBudget({ kind: "failed" }, asking);
    throw new RefreshProblem(answer.why, answer.detail);
  }
  const body = jsonIn(answer.text);
  const problem = problemOf(answer, body, kind.venue.name);
  await tellBudget(venueAnswerOf(answer, problem, kind), asking);
  if (problem !== null) throw problem;
  const isSimulated = answer.header(SIMULATED_HEADER) !== null;
  const source = `${isSimulated ? "simulated " : ""}${kind.venue.name}`;
  return { body, text: answer.text, source };
}

async function takeFromBudget({ weight }: IndicatorAsk, asking: Asking): Promise<void> {
  const { venue } = asking.kind;
  let grant: Grant | null = null;
  await changeVenue(asking, (before, nowMs) => {
    grant = askVenue(before, venue, { weight, nowMs });
    return grant.kind === "granted" ? grant.state : null;
  });
  const decided: Grant | null = grant;
  if (decided !== null) throwWhenRefused(decided, venue.name, asking.nowUs() / US_PER_MS);
}

function throwWhenRefused(grant: Grant, venue: string, nowMs: number): void {
  if (grant.kind === "granted") return;
  const until = isoFromMs(grant.untilMs);
  const reasons = {
    over_budget: `our budget of ${venue} is used up`,
    told_to_wait: `${venue} has asked us to wait`,
    circuit_open: `${venue} failed several times in a row, so requests to it are suspended`,
  };
  throw new RefreshProblem(
    grant.why,
    `${reasons[grant.why]} until ${until}`,
    Math.max(0, grant.untilMs - nowMs),
  );
}

function tellBudget(answer: VenueAnswer, asking: Asking): Promise<void> {
  return changeVenue(asking, (before, nowMs) =>
    venueAnswered(before, asking.kind.venue, { answer, nowMs }),
  );
}

async function changeVenue(
  { features, kind: { venue }, nowUs }: Asking,
  change: (before: VenueState, nowMs: number) => VenueState | null,
): Promise<void> {
  try {
    await features.change({ map: VENUES_MAP, key: venue.name }, (text) => {
      const nowMs = Math.floor(nowUs() / US_PER_MS);
      const after = change(parseVenue(text) ?? unusedVenue(venue, nowMs), nowMs);
      return after === null ? null : JSON.stringify(after);
    });
  } catch (error) {
    throw new RefreshProblem("hazelcast", messageOf(error));
  }
}

function problemOf(answer: HttpAnswer, body: unknown, venue: string): RefreshProblem | null {
  const { status } = answer;
  const coded = codeIn(body);
  if (OFTEN_STATUSES.includes(status) || coded?.code === TOO_MANY_CODE) {
    const waitMs = answer.retryAfterMs ?? WAIT_MS[status] ?? WAIT_MS[429]!;
    return new RefreshProblem("rate_limited", `${venue} answered ${status}: too many`, waitMs);
  }
  if (500 <= status) return new RefreshProblem("server_error", `${venue} answered ${status}`);
  if (400 <= status || coded?.isError === true) {
    const why: RefreshWhy =
      coded?.code === NO_SUCH_SYMBOL_CODE ? "no_such_symbol" : refusal(status);
    const words = coded === null ? "" : `: ${coded.code} ${coded.message}`;
    return new RefreshProblem(why, `${venue} answered ${status}${words}`);
  }
  if (body === undefined) {
    return new RefreshProblem("garbled", `${venue} did not send JSON but ${shown(answer.text)}`);
  }
  return null;
}

function refusal(status: number): RefreshWhy {
  return status < 400 ? "venue_error" : "refused";
}

/** Failures that are not the venue's fault do not count. */
function venueAnswerOf(
  answer: HttpAnswer,
  problem: RefreshProblem | null,
  { venue }: Pick<FetchedKind, "venue">,
): VenueAnswer {
  if (problem?.why === "rate_limited") return { kind: "too_many", waitMs: problem.waitMs ?? 0 };
  if (problem?.why === "server_error" || problem?.why === "garbled") return { kind: "failed" };
  const used = venue.used === undefined ? null : answer.header(venue.used.header);
  return { kind: "well", used: used !== null && /^\d+$/.test(used) ? Number(used) : null };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Binance puts code and message in the answer itself, JSON-RPC within `error`. */
function codeIn(
  body: unknown,
): { readonly code: number; readonly message: string; readonly isError: boolean } | null {
  if (typeof body !== "object" || body === null) return null;
  const inner: unknown = "error" in body ? body.error : body;
  if (typeof inner !== "object" || inner === null || !("code" in inner)) return null;
  const message = "msg" in inner ? inner.msg : "message" in inner ? inner.message : "";
  return {
    code: Number(inner.code),
    message: shown(message),
    isError: inner !== body,
  };
}

/**
 * The mirror of an incident for the Web UI: receives its state by signal, shows it, and ends when it is resolved.
 * Invariant: it decides nothing. The watchdog decides on notifications and does not depend on this; an
 * acknowledgement is sent to the watchdog, and its effect returns by signal.
 */
import {
  allHandlersFinished,
  condition,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import { ActivityFailure, ApplicationFailure } from "@temporalio/common";
import type { AlertActivities } from "../../activities/alerts.ts";
import { integerFrom, invalidInput, openInput, text } from "../input.ts";
import {
  acknowledgeUpdate,
  type AlertInput,
  type AlertNews,
  alertQuery,
  type AlertView,
  incidentSignal,
} from "../messages/alerts.ts";
import { searchAttributesOf } from "../publisher.ts";
import { carriedWith, heedCancel, isRollDue } from "../roll-over.ts";
import { alertText, readNews } from "./alert-view.ts";

const { acknowledgeIncident } = proxyActivities<AlertActivities>({
  startToCloseTimeout: "10 seconds",
  scheduleToCloseTimeout: "30 seconds",
  retry: { initialInterval: "500 milliseconds", maximumInterval: "5 seconds" },
});

/** An open incident is reported every few hours; one that is not reported any more has ended. */
const NEWS_WITHIN = "25 hours";
const CARRIED = carriedWith<AlertNews>("view", "has_search_attributes");

export async function alert(raw?: unknown): Promise<AlertView | null> {
  const read = openInput(raw, ["history_max", "carried"]);
  const historyMax = read("history_max", integerFrom(10));
  const mirror = new Mirror(read("carried", CARRIED) ?? null);
  for (;;) {
    const isNews = await condition(() => mirror.hasNews, NEWS_WITHIN);
    if (isNews) mirror.take();
    const isOver = !isNews || mirror.isResolved;
    if (!isOver && !isRollDue(historyMax)) continue;
    await condition(() => allHandlersFinished());
    if (mirror.hasNews) continue;
    if (isOver) return mirror.view;
    const continueAsNew = makeContinueAsNewFunc<(next: AlertInput) => Promise<AlertView | null>>();
    const history = historyMax === undefined ? {} : { history_max: historyMax };
    const { shown } = mirror;
    heedCancel();
    return continueAsNew({ ...history, ...(shown === null ? {} : { carried: shown }) });
  }
}

class Mirror {
  #shown: AlertNews | null = null;
  #next: AlertNews | null;

  /** The previous run's state has to be shown again, because a memo is not passed on. */
  constructor(carried: AlertNews | null) {
    this.#next = carried;
    this.take();
    this.#handleMessages();
  }

  get shown(): AlertNews | null {
    return this.#shown;
  }

  get view(): AlertView | null {
    return this.#shown?.view ?? null;
  }

  get hasNews(): boolean {
    return this.#next !== null;
  }

  get isResolved(): boolean {
    return this.view?.state === "resolved";
  }

  /** Shows the last news, possibly of another incident, if the end of the previous one was not received. */
  take(): void {
    const news = this.#next;
    if (news === null) return;
    this.#next = null;
    this.#shown = news;
    const { view, has_search_attributes: hasSearchAttributes } = news;
    upsertMemo({ status: view });
    setCurrentDetails(alertText(view));
    const about = { layer: "health", service: view.subject, hasSearchAttributes };
    const attributes = searchAttributesOf(about, `${view.severity} ${view.state}`);
    if (0 < attributes.length) upsertSearchAttributes(attributes);
    log.info(`${view.incident}: ${view.state}`);
  }

  #newest(): AlertView | null {
    return this.#next?.view ?? this.view;
  }

  #handleMessages(): void {
    setHandler(
      incidentSignal,
      (raw) => {
        const news = readNews(raw);
        if (news === null) return log.warn("a signal without an incident was ignored");
        this.#next = news;
      },
      { description: "From the worker of layer health: the present state of the incident" },
    );
    setHandler(acknowledgeUpdate, (raw) => this.#acknowledge(raw), {
      validator: (raw) => this.#check(raw),
      description: '{"by": "ana"}: acknowledges it; no more reminders, no escalation',
    });
    setHandler(alertQuery, () => this.#newest(), {
      description: "The incident with its history",
    });
  }

  #check(raw: unknown): void {
    readBy(raw);
    const view = this.#newest();
    if (view === null) throw invalidInput("nothing is known about the incident yet");
    if (view.state === "resolved") throw invalidInput(`${view.incident} is resolved`);
  }

  async #acknowledge(raw: unknown): Promise<string> {
    const by = readBy(raw);
    const incident = this.#newest()?.incident ?? "";
    try {
      const { ok, says } = await acknowledgeIncident({ incident, by, via: "temporal" });
      if (!ok) throw ApplicationFailure.nonRetryable(says, "Refused");
      return says;
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      const why = error.cause?.message ?? error.message;
      throw ApplicationFailure.nonRetryable(`the watchdog was not reached: ${why}`, "Unreached");
    }
  }
}

/** Takes the bare name or `{"by": name}`. */
function readBy(raw: unknown): string {
  const by = openInput(typeof raw === "string" ? { by: raw } : raw, ["by"])("by", text);
  if (by === undefined) throw invalidInput("field 'by' is missing: who acknowledges");
  return by.slice(0, 100);
}

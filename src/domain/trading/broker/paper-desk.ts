/** The paper broker as a desk: its reports depend only on the events that it is shown. */
import type { BrokerReport, TraderEvent } from "../events.ts";
import type { Order } from "../orders.ts";
import type { Trader, WorkingOrder } from "../state.ts";
import type { Desk, Reconciliation } from "./desk.ts";
import {
  cancelOnPaper,
  createPaperBroker,
  fillOnPaper,
  type PaperBroker,
  paperInputOf,
  type PaperSettings,
  submitOnPaper,
} from "./paper-broker.ts";
import { reconcile } from "./reconcile.ts";

const NO_REPORTS: BrokerReport[] = [];

/** `working`: orders of a restored book; those without an answer were not received. */
export function createPaperDesk(
  settings: PaperSettings,
  working: readonly WorkingOrder[] = [],
): Desk {
  return paperDeskOf(createPaperBroker(settings, working));
}

export function paperDeskOf(broker: PaperBroker): Desk {
  return new PaperDesk(broker);
}

class PaperDesk implements Desk {
  readonly isDerived = true;
  readonly #broker: PaperBroker;
  #reports = NO_REPORTS;

  constructor(broker: PaperBroker) {
    this.#broker = broker;
  }

  get isIdle(): boolean {
    return this.#broker.pending.length === 0;
  }

  place(order: Order): void {
    submitOnPaper(this.#broker, order, this.#said());
  }

  cancel(clientOrderId: string): void {
    cancelOnPaper(this.#broker, clientOrderId, this.#said());
  }

  see(trader: Trader, event: TraderEvent): void {
    if (event.kind !== "scan" || this.isIdle) return;
    fillOnPaper(this.#broker, paperInputOf(trader, event, []), this.#said());
  }

  takeReports(): readonly BrokerReport[] {
    if (this.#reports.length === 0) return NO_REPORTS;
    const reports = this.#reports;
    this.#reports = NO_REPORTS;
    return reports;
  }

  /** It reports nothing on its own. */
  onReports(): void {}

  /** All that it holds comes from the log, fills included. */
  reconcile(working: readonly WorkingOrder[]): Reconciliation {
    const pending = this.#broker.pending.map(({ order: { clientOrderId } }) => ({
      clientOrderId,
      brokerOrderId: `paper-${clientOrderId}`,
      status: "working" as const,
      reason: "",
      fills: [],
    }));
    return reconcile(working, pending);
  }

  /** A new array only when there are reports. */
  #said(): BrokerReport[] {
    if (this.#reports === NO_REPORTS) this.#reports = [];
    return this.#reports;
  }
}

/**
 * Creates a book in the middle of a log beside a running one: where both configurations are equal it starts in the
 * other's state, so that they do not differ merely because they began at different times.
 */
import type { TraderConfiguration } from "../configuration.ts";
import { exactText } from "../snapshot/exact.ts";
import { unlessUnmemorable } from "../snapshot/memory.ts";
import { restoreFrom, snapshotOf } from "../snapshot/snapshot.ts";
import type { Trader } from "../state.ts";
import { createTrader } from "../trader.ts";
import { versionName } from "./comparison.ts";
import { configurationDifference } from "./configuration-difference.ts";

/** With a different configuration its windows are empty: the other version has no history here. */
export function twinOf(blue: Trader, configuration: TraderConfiguration): Trader {
  const fresh = createTrader(configuration);
  const isAlike =
    versionName(blue) === versionName(fresh) &&
    blue.configuration.capital === configuration.capital &&
    configurationDifference(blue, fresh) === null;
  if (!isAlike) return fresh;
  const { book } = configuration;
  const snapshot = unlessUnmemorable(
    () => snapshotOf(blue),
    () => {},
  );
  if (snapshot === null) return fresh;
  // The ids of orders and positions contain the name of their book.
  const text = exactText(snapshot.data);
  const data = JSON.parse(text.replaceAll(`"${blue.configuration.book}-`, `"${book}-`));
  return restoreFrom(configuration, { ...snapshot, book, data });
}

/**
 * A book that begins in the middle of a log, beside one that runs: where both are configured alike, it
 * begins as the other stands, so that they do not differ for having begun at different times.
 */
import type { TraderConfiguration } from "../configuration.ts";
import { exactText } from "../snapshot/exact.ts";
import { unlessUnmemorable } from "../snapshot/memory.ts";
import { restoreFrom, snapshotOf } from "../snapshot/snapshot.ts";
import type { Trader } from "../state.ts";
import { createTrader } from "../trader.ts";
import { versionName } from "./comparison.ts";
import { configurationDifference } from "./configuration-difference.ts";

/** Its windows are empty where the configurations differ: another version has no past here. */
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
  // Orders and positions are named after their book.
  const text = exactText(snapshot.data);
  const data = JSON.parse(text.replaceAll(`"${blue.configuration.book}-`, `"${book}-`));
  return restoreFrom(configuration, { ...snapshot, book, data });
}

/**
 * Changes a flat book to its present configuration after it ran another one. A book with positions is refused: a
 * position follows the plan of the version that opened it.
 */
import { configurationDifference } from "../../domain/trading/shadow/configuration-difference.ts";
import { versionName } from "../../domain/trading/shadow/comparison.ts";
import {
  restoreFrom,
  snapshotOf,
  type TraderSnapshot,
} from "../../domain/trading/snapshot/snapshot.ts";
import { takeVersion, whyNotFlat } from "../../domain/trading/snapshot/take-version.ts";
import { createTrader, type Trader } from "../../domain/trading/trader.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { traderOf } from "../../domain/supervision/services.ts";

export type ChangedBook = { readonly trader: Trader; readonly change: string };

const HASH_DIGITS_SHOWN = 12;

/** @throws {Error} that says what to do when the book is not flat. */
export function changeConfiguration(
  was: Trader,
  ran: BookConfiguration,
  configuration: BookConfiguration,
): ChangedBook {
  const names = [ran, configuration].map(({ hash }) => hash.slice(0, HASH_DIGITS_SHOWN));
  const differences = differencesOf(was, ran, configuration);
  const change = `configuration ${names.join(" becomes ")}: ${differences.join(", ")}`;
  if (0 < differences.length) {
    return { trader: taken(configuration, snapshotOf(was), change), change };
  }
  // A book keeps its money once it has begun. Settings that belong to no strategy are changed even while a position
  // is held: a position that must be written off could not be, if the book had to be flat for that.
  const trader = restoreFrom(configuration.trader, snapshotOf(was));
  return { trader, change: `${change}${lightDifference(ran, configuration)}` };
}

function lightDifference(ran: BookConfiguration, configuration: BookConfiguration): string {
  const [before, after] = [ran, configuration].map(({ trader }) => {
    const { delisting, scanOffsetMaxMs, margin } = trader;
    return JSON.stringify({ delisting, scanOffsetMaxMs, margin });
  });
  return before === after
    ? "another capital, which is fixed once a book has started"
    : `${before} becomes ${after}`;
}

/** The same where the previous version is no longer available: its last state is enough. @throws as above. */
export function changeUnknown(
  snapshot: TraderSnapshot,
  configuration: BookConfiguration,
): ChangedBook {
  const is = createTrader(configuration.trader);
  const change = `${JSON.stringify(snapshot.strategy)} becomes ${versionName(is)}`;
  return { trader: taken(configuration, snapshot, change), change };
}

function taken(
  { trader: configuration }: BookConfiguration,
  snapshot: TraderSnapshot,
  change: string,
): Trader {
  const book = takeVersion(configuration, snapshot);
  const reason = book.kind === "refused" ? book.reason : whyNotFlat(book.trader);
  if (book.kind === "taken" && reason === null) return book.trader;
  throw new Error(
    `${reason}, and what it runs was changed (${change}): restore what it ran, in the configuration ` +
      `or the strategy's file, and start it; 'dolphin flatten ${COUNTED_BOOK}', ` +
      `'dolphin stop ${traderOf(COUNTED_BOOK).name}', then change it and start ` +
      `('dolphin resume ${COUNTED_BOOK}' ends the halt)`,
  );
}

function differencesOf(was: Trader, ran: BookConfiguration, configuration: BookConfiguration) {
  const is = createTrader(configuration.trader);
  const names = [was, is].map(versionName);
  const fills = [ran, configuration].map(({ paper }) => JSON.stringify(paper));
  const settings =
    names[0] === names[1] ? configurationDifference(was, is) : names.join(" becomes ");
  return [settings ?? [], fills[0] === fills[1] ? [] : `fills ${fills.join(" become ")}`].flat();
}

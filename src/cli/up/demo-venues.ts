/** The demo's inputs beside scans: simulated venues on loopback, unless others are configured. */
import type { Config, LoadedConfig } from "../../config.ts";
import type { SimulatedVenuesSpec } from "../../embedded/stack.ts";
import { createMarket } from "../../domain/simulator/market.ts";
import { seededRandom } from "../../domain/simulator/random.ts";
import { findFreePort, LOOPBACK } from "../../embedded/ports/ports.ts";

const BOOKS = 5;
/** More often than real ones, so that changes are visible. */
const EVERY_S = 60;
const FETCHED = [
  "funding",
  "funding_settled",
  "premium",
  "open_interest",
  "dvol",
  "fear_greed",
] as const;

export type DemoVenues = {
  readonly config: Config;
  /** Null: only scans are simulated. */
  readonly venues: SimulatedVenuesSpec | null;
};

export async function demoVenues({ config, origins }: LoadedConfig): Promise<DemoVenues> {
  const isOwn = (key: string) => origins.get(key) !== "default";
  const [hasIndicators, hasBooks] = [isOwn("indicators"), isOwn("order_book.symbols")];
  if (!config.simulator.venues || (hasIndicators && hasBooks)) return { config, venues: null };
  const port = await findFreePort();
  const url = `http://${LOOPBACK}:${port}`;
  const { assets } = createMarket(config.simulator.assets, seededRandom(config.simulator.seed));
  const symbols = assets.slice(0, BOOKS);
  const read = { url, every_s: EVERY_S };
  const indicators = Object.fromEntries(FETCHED.map((name) => [name, read]));
  return {
    config: {
      ...config,
      ...(hasIndicators ? {} : { indicators: { ...indicators, esoteric: { every_s: EVERY_S } } }),
      ...(hasBooks
        ? {}
        : {
            order_book: {
              ...config.order_book,
              url: `ws://${LOOPBACK}:${port}/public`,
              rest_url: url,
              symbols: [...symbols],
            },
          }),
    },
    venues: { port, symbols },
  };
}

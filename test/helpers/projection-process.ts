/** Brings a projection up to date in small pieces and prints a dot for each, until it is done or killed. */
import { writeSync } from "node:fs";
import { foldTrader } from "../../src/operations/projection/trader-fold.ts";
import { TradingProjection } from "../../src/operations/projection/trading-projection.ts";
import { SESSION_CONFIGURATION } from "./trading-session.ts";

const [path = "", root = ""] = process.argv.slice(2);
const projection = new TradingProjection({
  path,
  place: { root, book: "BLUE" },
  startFold: foldTrader(SESSION_CONFIGURATION),
});
while (0 < projection.catchUp(17)) writeSync(1, ".");

/** Exchanges the versions of a data directory's books, and says when it begins: to be killed in it. */
import { writeSync } from "node:fs";
import { exchangeBooks } from "../../src/adapters/trading-journal/books/exchange-books.ts";
import { builtInStrategy } from "../../src/domain/trading/strategies/built-in.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { LIVELY } from "./lively.ts";

const [dataDir = "", id = "", green = "{}"] = process.argv.slice(2);
const configuration = Configuration.parse({ trader: LIVELY, green: JSON.parse(green) });
writeSync(1, "begins\n");
exchangeBooks({
  dataDir,
  configuration,
  strategyOf: builtInStrategy,
  id,
  by: "test",
  at: "2026-03-25T00:00:00Z",
});

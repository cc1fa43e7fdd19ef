/** The process that reads the archive for a forecast: its question is the first argument, its answer one line. */
import { type MarketQuestion, readMarket } from "./read-market.ts";

const question: MarketQuestion = JSON.parse(process.argv[2] ?? "");
process.stdout.write(`${JSON.stringify(await readMarket(question))}\n`);

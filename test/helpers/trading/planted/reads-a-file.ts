/** Planted fault: reads future closes from a file. */
import { readFileSync } from "node:fs";
import breakout from "./asks-the-clock.ts";

const closes = readFileSync(
  new URL("../../../../examples/data/crypto-5m-closes.csv", import.meta.url),
  "utf8",
).split("\n");

export default { ...breakout, name: `reads ${closes.length} closes` };

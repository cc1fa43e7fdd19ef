import { expect, test } from "vitest";
import { Configuration } from "../../../src/wire/configuration.ts";
import { settingsOfBook } from "../../../src/wire/trading/books-file.ts";

const CLASSIC = { preset: "classic", threshold: 0.01 };

test.each([
  ["nothing", {}, CLASSIC],
  ["a parameter", { parameters: { threshold: 0.03 } }, { preset: "classic", threshold: 0.03 }],
  ["another one", { parameters: { fast: 5 } }, { ...CLASSIC, fast: 5 }],
  ["a preset", { parameters: { preset: "slow" } }, { preset: "slow", threshold: 0.01 }],
  ["the same strategy", { strategy: "velocity-divergence" }, CLASSIC],
  ["another strategy", { strategy: "mine.ts" }, {}],
  [
    "another strategy with parameters of its own",
    { strategy: "mine.ts", parameters: { range: 24 } },
    { range: 24 },
  ],
])("where `green` names %s, the rest is as `trader` has it", (_, green, parameters) => {
  const configuration = Configuration.parse({ trader: { parameters: CLASSIC }, green });
  const blue = settingsOfBook("BLUE", configuration, { is_exchanged: false });
  expect(blue.parameters).toEqual(CLASSIC);
  const exchanged = settingsOfBook("BLUE", configuration, { is_exchanged: true });
  const shadow = settingsOfBook("GREEN", configuration, { is_exchanged: false });
  expect(shadow.parameters).toEqual(parameters);
  expect(exchanged.parameters).toEqual(parameters);
});

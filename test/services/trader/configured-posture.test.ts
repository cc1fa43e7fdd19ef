import { expect, test } from "vitest";
import { offerPosture } from "../../../src/services/trader/configured-posture.ts";
import { encodePosture, parsePosture } from "../../../src/wire/safety/posture-value.ts";

const AT_US = 1_774_400_000_000_000;
const value = (source: string, posture: "APEX" | "HIBERNATE", atUs: number) =>
  encodePosture({ posture, reasons: [], source, atUs });

/** The value in the cluster after one offer of TURTLE. */
async function standsAfter(present: unknown, meanwhile: unknown = present): Promise<unknown> {
  const cluster = { posture: present };
  await offerPosture({
    feed: {
      readPosture: async () => {
        const read = cluster.posture;
        cluster.posture = meanwhile;
        return read;
      },
      async replacePosture(before, text) {
        if (cluster.posture === before) cluster.posture = text;
      },
    },
    posture: "TURTLE",
    nowUs: () => AT_US,
  });
  return cluster.posture;
}

test.each([
  ["nothing", null],
  ["what was configured before", value("static", "APEX", AT_US - 5_000_000)],
  ["what a watchdog left behind", value("watchdog", "HIBERNATE", AT_US - 31_000_000)],
])("where %s stands it is published", async (_, present) => {
  const stands = parsePosture(await standsAfter(present));
  expect(stands).toEqual({ posture: "TURTLE", asOfMs: AT_US / 1_000, source: "static" });
});

test.each([
  ["a watchdog's", value("watchdog", "HIBERNATE", AT_US)],
  ["a watchdog's of a moment ago", value("watchdog", "HIBERNATE", AT_US - 29_000_000)],
  ["another's old one", value("operator", "HIBERNATE", 0)],
  ["what nobody can read", "{"],
  ["no text", 7],
])("%s stays", async (_, present) => {
  expect(await standsAfter(present)).toBe(present);
});

test("a watchdog that begins meanwhile is not written over", async () => {
  const begun = value("watchdog", "HIBERNATE", AT_US);
  expect(await standsAfter(null, begun)).toBe(begun);
});

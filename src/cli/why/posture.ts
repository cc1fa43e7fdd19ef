/** `dolphin why posture`: the present posture, its publisher, since when, and its effect on entry sizes. */
import type { Command } from "commander";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import type { Config } from "../../config.ts";
import { BOOKS, COUNTED_BOOK } from "../../domain/trading/books.ts";
import { POSTURES, POSTURE_SHARES } from "../../domain/trading/posture.ts";
import { figure, timeText } from "../../domain/trading/why/words.ts";
import { parsePosture, postureReasons } from "../../wire/safety/posture-value.ts";
import type { ExplainedBook } from "../../operations/why/book-answer.ts";
import { openContext } from "../context.ts";
import { factLines } from "../rendering/why-text.ts";
import { printable } from "../rendering/terminal.ts";
import { explained, postureTimes, readJson } from "./no-trade.ts";

type Flags = { readonly at?: string; readonly json: boolean };

/** As stored in Hazelcast; a sentence where that did not answer. */
type Published = {
  readonly posture: string;
  readonly source: string;
  readonly reasons: readonly string[];
};

const WAIT_MS = 1_000;
const HELP = `
The posture and its start come from ${COUNTED_BOOK}'s log, which records every posture that its trader received. The log has
no reasons: those come from the present value of DOLPHIN_SAFETY in Hazelcast, if Hazelcast answers.

Exit status:
  0   shown
  1   the book has no log of that time (the line says which there is)

--json prints {posture, as_of, age_ms, since, source, share, published: {posture, source, reasons} or null, read}.`;

export function addPosture(why: Command): void {
  why
    .command("posture")
    .description("the posture: value, source, reasons, since when, and what it does to sizes")
    .option("--at <time>", "the state at this time, UTC: 2026-03-25T10:15:00Z, or 10:15 of today")
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(async (flags: Flags, command: Command) => {
      const { config } = openContext(command);
      const [answer, published] = await Promise.all([
        explained(command, BOOKS[0], { ...flags, isPostureAsked: true }),
        flags.at === undefined ? readPublished(config) : null,
      ]);
      const text = flags.json
        ? JSON.stringify(postureJson(answer, published), null, 2)
        : textOf(answer, published).join("\n");
      // A pending connection to a server that is away would keep the process alive.
      process.stdout.write(`${text}\n`, () => process.exit(0));
    });
}

async function readPublished(config: Config): Promise<Published | string> {
  const { address } = config.hazelcast;
  try {
    const hazelcast = await connectHazelcast({
      ...configuredCluster(config.hazelcast),
      deadlineMs: WAIT_MS,
      name: "dolphin-why",
    });
    if (!(await hazelcast.waitConnected(WAIT_MS))) return `Hazelcast at ${address} does not answer`;
    const text = await createScanFeed(hazelcast).readPosture();
    const { posture, source } = parsePosture(text);
    return { posture, source, reasons: postureReasons(text) };
  } catch (error) {
    return `Hazelcast at ${address} does not answer: ${String(error)}`;
  }
}

function textOf(answer: ExplainedBook, published: Published | string | null): readonly string[] {
  const { posture, standing, read } = answer;
  const since =
    posture.since === null
      ? "since before the events that were read"
      : `since ${timeText(posture.since.atMs)}`;
  const source =
    posture.source === "" ? "no source in the events that were read" : printable(posture.source);
  const facts = standing.facts.filter(({ rule }) => rule.startsWith("posture"));
  return [
    `posture ${posture.value} ${since}, last received from ${source} for ${timeText(posture.asOfMs)}, ` +
      `${figure(posture.ageMs, "ms")} old at event ${standing.event.index}`,
    ...publishedLines(published),
    `sizes of entries: ${POSTURES.map(effectOf).join(", ")}`,
    "",
    ...factLines(facts),
    "",
    `read: ${read.folder} from ${read.from}, events ${read.fromIndex} to ${read.toIndex}`,
  ];
}

function publishedLines(published: Published | string | null): readonly string[] {
  if (published === null)
    return ["reasons: the log has none, and Hazelcast has only the present ones"];
  if (typeof published === "string") return [`reasons: unknown, ${published}`];
  const { posture, source, reasons } = published;
  const shown = reasons.length === 0 ? "none given" : reasons.map(printable).join("; ");
  return [`reasons: ${shown} (DOLPHIN_SAFETY now: ${posture} by ${printable(source)})`];
}

function effectOf(posture: (typeof POSTURES)[number]): string {
  const share = POSTURE_SHARES[posture];
  return share === 0 ? `${posture} none, positions are closed` : `${posture} x ${share}`;
}

function postureJson({ posture, read }: ExplainedBook, published: Published | string | null) {
  const share = POSTURES.find((one) => one === posture.value);
  return {
    posture: posture.value,
    ...postureTimes(posture),
    source: posture.source,
    share: share === undefined ? null : POSTURE_SHARES[share],
    published: typeof published === "string" ? null : published,
    read: readJson(read),
  };
}

/** `dolphin top`: the overview on a terminal, repainted in place until the user quits. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { monotonicMs } from "../../adapters/clock.ts";
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { paint } from "../rendering/terminal.ts";
import { openScreen } from "./screen.ts";
import { topFrame, type TopReading, type TopView } from "./top-frame.ts";
import { TopReadings } from "./top-readings.ts";

const READ_EVERY_MS = 1_000;
const PAINT_EVERY_MS = 500;
/** Not a terminal: as wide and long as needed. */
const PAPER = { columns: 200, rows: 200 };
const HELP = `
Shows the values of 'dolphin status'. A running 'up' or worker provides them, else this process reads them itself. Values
older than six seconds are grey, and the first line says for how long nothing new arrived.

q, Ctrl-C, Ctrl-D and SIGTERM quit; Ctrl-Z suspends. NO_COLOR switches colours off. If the output is not a terminal, one
frame is printed.

Exit status:
  0      quit
  0 to 3 for a single frame: as 'dolphin status'`;

export function addTopCommand(program: Command): void {
  program
    .command("top")
    .description("the overview, live on a terminal")
    .addHelpText("after", HELP)
    .action(async (_flags: object, command: Command) => {
      const readings = new TopReadings(command);
      const isLive = process.stdout.isTTY && process.env["TERM"] !== "dumb";
      const exit = isLive ? await watch(readings) : await once(readings);
      // Pending connections to a server that is away would keep the process alive.
      process.stdout.write("", () => process.exit(exit));
    });
}

async function once(readings: TopReadings): Promise<number> {
  const reading = await readings.read();
  const lines = topFrame({ reading, ageS: 0, trouble: null }, PAPER).slice(0, -1);
  const text = lines.map((line) =>
    line.map(({ colour, text: part }) => paint(colour, part)).join(""),
  );
  process.stdout.write(`${text.join("\n").trimEnd()}\n`);
  return reading.status.exit;
}

async function watch(readings: TopReadings): Promise<number> {
  const stop = new AbortController();
  let found: { readonly reading: TopReading; readonly atMs: number } | null = null;
  let trouble: string | null = null;
  const view = (): TopView => ({
    reading: found?.reading ?? null,
    ageS: found === null ? 0 : (monotonicMs() - found.atMs) / MS_PER_SECOND,
    trouble,
  });
  const screen = openScreen({ quit: () => stop.abort(), repaint: () => repaint() });
  const repaint = (): void => screen.draw(topFrame(view(), screen.size()));
  const timer = setInterval(repaint, PAINT_EVERY_MS);
  const reading = (async () => {
    while (!stop.signal.aborted) {
      try {
        found = { reading: await readings.read(), atMs: monotonicMs() };
        trouble = null;
      } catch (error) {
        // A reading says which server is silent. Without any reading there is nothing to show.
        if (found === null) throw error;
        trouble = messageOf(error);
      }
      repaint();
      await sleep(READ_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  try {
    repaint();
    // A reading in progress is not waited for.
    await Promise.race([reading, untilAborted(stop.signal)]);
    return 0;
  } finally {
    clearInterval(timer);
    screen.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

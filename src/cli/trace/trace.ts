/** `dolphin trace`: a scan's way from its file to a fill, and percentiles of its hops over a period. */
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { sendSpans } from "../../adapters/otlp/send-spans.ts";
import { openScanWays, type ScanWays } from "../../adapters/scan-journal/way/scan-ways.ts";
import { projectionPath } from "../../operations/event-log/event-log-maintenance.ts";
import { openBookWays } from "../../operations/trace/book-ways.ts";
import { scanJson } from "../../operations/trace/scan-json.ts";
import { type Period, tracePeriod } from "../../operations/trace/trace-period.ts";
import {
  type ScanTrace,
  type TraceSources,
  traceScan,
  traceTrade,
} from "../../operations/trace/trace-scan.ts";
import { otlpJson, type WayToTell } from "../../wire/otlp/spans.ts";
import { CliError, EXIT_CONFIGURATION, EXIT_USAGE, openContext } from "../context.ts";
import { type PeriodFlags, periodFrom } from "./period.ts";
import { periodJson, periodLines, scanLines } from "./trace-text.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

type Flags = PeriodFlags & { readonly json: boolean; readonly send: boolean };

const HELP = `
WHAT is a seq, a scan's file (YYYY-MM-DD/name, or a path that ends with it), or the id of a position or an order.
Without it: percentiles of each hop over the live scans that were pushed in a period (default: the last hour),
and the ten slowest scans. Reads the bridge's journal and the projection of BLUE's log; both may be in use.

complete is the file's last change by its writer's clock; seen, decoded and pushed are times of the bridge;
event is when the trader took the scan off its queue, in whole milliseconds; decision and order happen in that
event's step, which has a single time; fill is the event of the order's first fill. A time that is not known is
shown as such, and the hop then spans it: hops always add up to the total. A negative time means that clocks differ.

Exit status:
  0   shown
  1   nothing is recorded of it, or the spans could not be delivered (the line says which)
  64  wrong usage
  78  --send without tracing.otlp_url

--send also sends the result as spans to tracing.otlp_url (OTLP over HTTP, JSON), one trace per scan.
--json prints {scans: [{seq, scan_number, file, late, replayed, decision, ways: [{order, stations: [{name,
at, at_us, says}], hops: [{from, to, us, over}], total_us}]}]}, or for a period {scans, replayed, late, unheard,
left_out, hops: [{hop, count, p50_us, p90_us, p99_us, max_us}], total, slowest: [{seq, ..., hops, total_us}]}.`;

const DEFAULT_PERIOD = "1h";
/** Some 2 MB. */
const WAYS_PER_BODY = 500;
/** They are in memory until all are sent. */
const WAYS_SENT_MAX = 50_000;

export function addTraceCommand(program: Command): void {
  program
    .command("trace")
    .description("a scan from its file to a fill, with the time of each hop")
    .argument("[what]", "a seq, a file, or the id of a position or an order")
    .option("--since <time>", "a period from this time on: such as 2h (ago), or a UTC time")
    .option("--until <time>", "only before this time")
    .option("--day <day>", "a UTC day, such as 2026-03-25")
    .option("--send", "send the spans to tracing.otlp_url, too", false)
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(async (what: string | undefined, flags: Flags, command: Command) => {
      const { config } = openContext(command);
      const period = periodFrom(flags, wallMs());
      if (what !== undefined && period !== null) {
        throw new CliError("either one scan, or a period, not both", EXIT_USAGE);
      }
      const url = flags.send ? config.tracing.otlp_url : null;
      if (flags.send && url === null) {
        throw new CliError(
          "--send needs tracing.otlp_url in the configuration",
          EXIT_CONFIGURATION,
        );
      }
      const scans = openScanWays(scanJournalFile(config.data_dir));
      if (scans === null) {
        throw new CliError(`no bridge has run on ${config.data_dir}: give --data-dir`);
      }
      const sources = { scans, book: openBookWays(projectionPath(config.data_dir)) };
      const spans = spanSender(url);
      try {
        const shown =
          what === undefined
            ? ofPeriod(sources, period ?? periodFrom({ since: DEFAULT_PERIOD }, wallMs())!, spans)
            : ofScans(tracesOf(sources, what), spans);
        await spans.sendAll();
        const text = flags.json ? JSON.stringify(shown.json, null, 2) : shown.lines.join("\n");
        process.stdout.write(`${text}\n`);
      } finally {
        sources.scans.close();
        sources.book?.close();
      }
    });
}

type Shown = { readonly lines: readonly string[]; readonly json: unknown };
type SpanSender = ReturnType<typeof spanSender>;

function ofPeriod(sources: TraceSources, period: Period, spans: SpanSender): Shown {
  const trace = tracePeriod(sources, period, (scan, hops) =>
    spans.add({ ...scan, beganUs: scan.mtimeUs, order: null, hops }),
  );
  return { lines: periodLines(trace), json: periodJson(trace) };
}

function ofScans(traces: readonly ScanTrace[], spans: SpanSender): Shown {
  for (const { scan, ways } of traces) {
    for (const { order, ...hops } of ways) {
      spans.add({ ...scan, beganUs: scan.mtimeUs, order: order?.client_order_id ?? null, hops });
    }
  }
  const lines = traces.flatMap((trace, at) => [...(at === 0 ? [] : [""]), ...scanLines(trace)]);
  return { lines, json: { scans: traces.map(scanJson) } };
}

/** @throws {CliError} where nothing is recorded about it. */
function tracesOf(sources: TraceSources, what: string): readonly ScanTrace[] {
  if (/^\d{1,15}$/.test(what)) return [traced(sources, Number(what))];
  if (what.includes("/") || what.endsWith(".arrow")) {
    return [traced(sources, seqOfFile(sources.scans, what))];
  }
  const traces = traceTrade(sources, what);
  if (0 < traces.length) return traces;
  const why =
    sources.book === null
      ? "BLUE's log is not projected here (the bookkeeper does that)"
      : "it is not a seq, a file, or an order or position whose scans are still stored";
  throw new CliError(`nothing is recorded of '${what}': ${why}`);
}

function traced(sources: TraceSources, seq: number): ScanTrace {
  const trace = traceScan(sources, seq);
  if (trace !== null) return trace;
  const last = sources.scans.lastSeq();
  throw new CliError(
    `there is no scan with seq ${seq} in the bridge's journal; its last is ${last ?? 0}`,
  );
}

function seqOfFile(scans: ScanWays, path: string): number {
  const file = path.split("/").slice(-2).join("/");
  const fate = scans.fateOf(file);
  if (fate === null) {
    throw new CliError(`there is no ${file} (YYYY-MM-DD/name) in the bridge's journal`);
  }
  if (fate.kind === "quarantined") throw new CliError(`${file} is in quarantine: ${fate.reason}`);
  return fate.seq;
}

function spanSender(url: string | null) {
  const ways: WayToTell[] = [];
  return {
    add(way: WayToTell): void {
      if (url === null) return;
      if (WAYS_SENT_MAX <= ways.length) {
        throw new CliError(`more than ${WAYS_SENT_MAX} scans to send: name a shorter period`);
      }
      ways.push(way);
    },
    async sendAll(): Promise<void> {
      for (let at = 0; at < ways.length; at += WAYS_PER_BODY) {
        if (url === null) return;
        try {
          await sendSpans(url, otlpJson(ways.slice(at, at + WAYS_PER_BODY)));
        } catch (error) {
          throw new CliError(error instanceof Error ? error.message : String(error));
        }
      }
    },
  };
}

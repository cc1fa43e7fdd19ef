/** A forecast of the forewarner as text. */
import { aligned } from "../rendering/columns.ts";
import { percent as percentOf } from "../../reports/figures.ts";
import type { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";

const COLUMNS = ["q0.01", "q0.05", "q0.25", "q0.5", "q0.75", "q0.95", "q0.99"] as const;
const HEADS = ["after trades", "worst 1 %", "5 %", "25 %", "median", "75 %", "95 %", "best 1 %"];
const ROWS_MAX = 5;

export function forewarnText(record: ForewarnRecord): string {
  const { verdict, reason, breach, calibration, conditioned_on: regime } = record;
  const weight = `${verdict}, weight ${percent(record.weight)}`;
  const rows = [
    ["book", `${record.book}, ${record.trades} trades, ${record.trades_per_day.toFixed(1)} a day`],
    ["as of", `${record.as_of}, until ${record.horizon_end}`],
    ["verdict", weight],
    ["because", reason],
    ["breach", breach === null ? "-" : `${percent(breach.either)} of ${record.paths} paths`],
    [
      "blocks",
      record.mean_block === null ? "-" : `${record.mean_block.toFixed(1)} trades on average`,
    ],
    ["market", marketText(record.market)],
    ["drawn from", regime === null ? "all trades" : `${regime.trades} trades, ${regime.regime}`],
    ["earlier", calibrationText(calibration)],
  ];
  const lines = aligned(rows);
  if (0 < record.envelope.length) lines.push("", ...envelopeLines(record));
  return lines.join("\n");
}

function marketText({ regime, days }: ForewarnRecord["market"]): string {
  const read = days === 1 ? "1 day of the archive" : `${days} days of the archive`;
  return regime === null ? `not known, ${read} read: by the trades alone` : `${regime}, by ${read}`;
}

function calibrationText({
  outcomes,
  said,
  came,
  evidence,
}: ForewarnRecord["calibration"]): string {
  if (said === null || came === null) return "no earlier forecast has ended yet";
  return (
    `${outcomes} forecasts have ended: ${percent(came)} left their envelope, ${percent(said)} were expected to; ` +
    `evidence against them ${evidence.toFixed(1)} of 20`
  );
}

/** A selection of its points, including the last. */
function envelopeLines({ envelope }: ForewarnRecord): readonly string[] {
  const every = Math.ceil(envelope.length / ROWS_MAX);
  const points = envelope.filter((_, index) => (envelope.length - 1 - index) % every === 0);
  const cells = points.map(({ trades, quantiles }) => [
    String(trades),
    ...COLUMNS.map((column) => signed((quantiles[column] ?? 1) - 1)),
  ]);
  return aligned([HEADS, ...cells]);
}

function percent(share: number): string {
  return percentOf(share, 1);
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
}

/** Traces of scans as text and as JSON. */
import { isoFromMicros } from "../../domain/time.ts";
import type { HopFigures } from "../../domain/trace/hop-figures.ts";
import type { Hop } from "../../domain/trace/stations.ts";
import { hopsJson, scanHead } from "../../operations/trace/scan-json.ts";
import type { PeriodTrace } from "../../operations/trace/trace-period.ts";
import type { ScanTrace, TracedWay } from "../../operations/trace/trace-scan.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";

export function scanLines(trace: ScanTrace): readonly string[] {
  const { seq, scanNumber, file } = trace.scan;
  const head = `seq ${seq}, scan ${scanNumber}, ${printable(file)}`;
  return [head, ...trace.ways.flatMap((way) => ["", ...wayLines(way)])];
}

function wayLines({ stations, hops, totalUs }: TracedWay): readonly string[] {
  const tookTo = new Map(hops.map((hop) => [hop.to, hop]));
  const rows = stations.map(({ name, atUs, says }) => {
    const hop = tookTo.get(name);
    const time = atUs === null ? "unknown" : isoFromMicros(atUs);
    return [`  ${name}`, time, hop === undefined ? "" : durationText(hop.us), printable(says)];
  });
  const total = totalUs === null ? "not known" : `${durationText(totalUs)}, the sum of its hops`;
  return [...aligned(rows).map((line) => line.trimEnd()), `  total  ${total}`];
}

export function periodLines(trace: PeriodTrace): readonly string[] {
  const { scans, replayed, late, unheard, leftOut, hops, total, slowest } = trace;
  const counted = `${scans} scans; ${replayed} replayed and ${late} late ones are not in the figures`;
  const rows = [...hops, ...(total === null ? [] : [total])].map(figureCells);
  const head = ["  hop", "count", "p50", "p90", "p99", "max"];
  return [
    counted,
    ...(0 < unheard ? [`${unheard} have no event in the projection of BLUE's log`] : []),
    ...(0 < leftOut ? [`${leftOut} older scans are left out: too many for one answer`] : []),
    ...(rows.length === 0 ? ["no live scan was pushed in that period"] : aligned([head, ...rows])),
    ...(slowest.length === 0 ? [] : ["", "slowest:"]),
    ...aligned(
      slowest.map(({ of, hops: way, totalUs }) => [
        `  ${durationText(totalUs)}`,
        `seq ${of.seq}`,
        isoFromMicros(of.pushedUs),
        way.hops.map(hopText).join(", "),
      ]),
    ),
  ];
}

function figureCells({ hop, count, p50Us, p90Us, p99Us, maxUs }: HopFigures): readonly string[] {
  return [`  ${hop}`, String(count), ...[p50Us, p90Us, p99Us, maxUs].map(durationText)];
}

function hopText({ to, us }: Hop): string {
  return `${to} ${durationText(us)}`;
}

/** Three decimals of a millisecond, because times are recorded in microseconds. */
function durationText(us: number): string {
  return `${(us / 1_000).toFixed(3)} ms`;
}

export function periodJson(trace: PeriodTrace) {
  const { scans, replayed, late, unheard, leftOut, hops, total, slowest } = trace;
  return {
    scans,
    replayed,
    late,
    unheard,
    left_out: leftOut,
    hops: hops.map(figureJson),
    total: total === null ? null : figureJson(total),
    slowest: slowest.map(({ of, hops: way }) => ({
      ...scanHead(of),
      pushed_at: isoFromMicros(of.pushedUs),
      ...hopsJson(way),
    })),
  };
}

function figureJson({ hop, count, p50Us, p90Us, p99Us, maxUs }: HopFigures) {
  return { hop, count, p50_us: p50Us, p90_us: p90Us, p99_us: p99Us, max_us: maxUs };
}

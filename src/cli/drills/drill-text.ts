/** The result of a drill as text. */
import type { TimelinePoint } from "../../domain/drills/timeline.ts";
import type { DrillResult } from "../../operations/drills/run-drill.ts";
import { aligned } from "../rendering/columns.ts";
import { type Colour, paint, printable } from "../rendering/terminal.ts";

const COLOURS: Readonly<Record<DrillResult["outcome"], Colour>> = {
  passed: "green",
  failed: "red",
  interrupted: "yellow",
  cannot: "dim",
};

export function drillText(result: DrillResult): string {
  const { fault, outcome, how, timeline, restarted_beyond: beyond } = result;
  const head = `${fault}  ${paint(COLOURS[outcome], outcome)}  ${printable(how)}`;
  const rows = timeline.map((point) => [
    `  ${point.name}`,
    point.atS === null ? "-" : `${point.atS.toFixed(1)} s`,
    budgetText(point),
    markOf(point),
    printable(point.note ?? ""),
  ]);
  const cost = beyond.length === 0 ? [] : [`  restarted without need: ${beyond.join(", ")}`];
  return [head, ...aligned(rows), ...cost].join("\n");
}

export function drillsSummary(results: readonly DrillResult[]): string {
  const count = (outcome: DrillResult["outcome"]) =>
    results.filter((one) => one.outcome === outcome).length;
  return (
    `${count("passed")} passed, ${count("failed")} failed, ${count("interrupted")} interrupted, ` +
    `${count("cannot")} not possible here`
  );
}

function budgetText({ budgetS, since, tookS }: TimelinePoint): string {
  if (budgetS === null) return "";
  const took = tookS === null ? "-" : tookS.toFixed(1);
  return `${took} of ${budgetS} s${since === "injected" ? "" : ` from '${since}'`}`;
}

function markOf({ isMet }: TimelinePoint): string {
  if (isMet === null) return "";
  return isMet ? paint("green", "met") : paint("red", "missed");
}

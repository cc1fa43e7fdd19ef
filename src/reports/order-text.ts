/** The remark about reordered scans and rejected timestamps of a run; null for none. */
import type { PassCounts } from "../wire/backtest/run-checkpoint.ts";
import { number } from "./figures.ts";

export function orderText(read: PassCounts): string | null {
  const { reordered, reorderedDays, ahead, backwards } = read;
  const parts = [
    ...(reordered > 0
      ? [
          `${counted(reordered, "scan")} of ${counted(reorderedDays, "day")} put in the order of their ` +
            "numbers and times, against the order of their files' times",
        ]
      : []),
    ...(ahead > 0 ? [`${number(ahead, 0)} stamped too far ahead: stale, and no clock moved`] : []),
    ...(backwards > 0 ? [`${number(backwards, 0)} went back in time`] : []),
  ];
  return parts.length === 0 ? null : parts.join("; ");
}

function counted(count: number, what: string): string {
  return `${number(count, 0)} ${what}${count === 1 ? "" : "s"}`;
}

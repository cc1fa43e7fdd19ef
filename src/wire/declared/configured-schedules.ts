/** The table of schedules with the configuration's changes. */
import {
  SCHEDULE_TABLE,
  type ScheduleName,
  type ScheduleSpec,
} from "../../domain/supervision/declared/schedules.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import type { Configuration } from "../configuration.ts";

/** The book whose day it trades; without the book the schedule has nothing to do. */
const OF_THE_BOOK: ScheduleName = "paper-trade-daily";

export function configuredSchedules(
  config: Pick<Configuration, "schedules" | "books">,
): readonly ScheduleSpec[] {
  return Object.values(SCHEDULE_TABLE).map((row) => {
    const own = config.schedules[row.name];
    const isBookEnabled = config.books[COUNTED_BOOK]?.enabled ?? true;
    return {
      ...row,
      enabled: own?.enabled ?? (row.name !== OF_THE_BOOK || isBookEnabled),
      at: own?.at ?? row.at,
      catchup_h: own?.catchup_h ?? row.catchup_h,
    };
  });
}

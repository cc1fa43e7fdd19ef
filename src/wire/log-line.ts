/** One line of a log file, as DOLPHIN's own processes write it; other fields are the caller's. */
import { z } from "zod";

export const LogLine = z.looseObject({
  /** ISO-8601 UTC with six decimals. */
  time: z.string(),
  level: z.string(),
  /** A server's own log has neither. */
  service: z.string().optional(),
  pid: z.number().optional(),
  msg: z.string().default(""),
});
export type LogLine = z.infer<typeof LogLine>;

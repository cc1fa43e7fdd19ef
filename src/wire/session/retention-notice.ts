/** `retention.json` beside a book's log: which days were announced to go, and when that was. */
import { z } from "zod";

export const RetentionNotice = z.strictObject({
  /** Days before this one. */
  before: z.iso.date(),
  at_ms: z.number(),
});
export type RetentionNotice = Readonly<z.infer<typeof RetentionNotice>>;

/** `retention.json` beside a book's log: the days whose deletion was announced, and when. */
import { z } from "zod";

export const RetentionNotice = z.strictObject({
  /** Days before this one will be deleted. */
  before: z.iso.date(),
  at_ms: z.number(),
});
export type RetentionNotice = Readonly<z.infer<typeof RetentionNotice>>;

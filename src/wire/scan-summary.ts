/** What an operator needs to know of `latest_eigen_scan`. */
import { z } from "zod";

const ScanSummary = z.object({
  scan_number: z.number().int(),
  seq: z.number().int(),
  timestamp: z.string(),
  assets: z.array(z.string()).transform((assets) => assets.length),
  bridge_ts: z.string(),
  replayed: z.boolean(),
});
export type ScanSummary = Readonly<z.infer<typeof ScanSummary>>;

/** Null where nothing is stored, or a value that the bridge did not write. */
export function parseScanSummary(text: unknown): ScanSummary | null {
  if (typeof text !== "string") return null;
  try {
    return ScanSummary.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

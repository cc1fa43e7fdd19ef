/**
 * What a drill records on disk before it injects a fault, so that another process can undo the fault if the
 * drill dies.
 */
import { z } from "zod";

export const InjectionRecord = z.object({
  fault: z.string(),
  at: z.string(),
  /** The process that injects the fault, and undoes it while it lives. */
  pid: z.number().int().positive(),
  started_ticks: z.number().int().nullable(),
  /** Arguments of undo-fault.sh. */
  undo: z.array(z.string()).min(1).max(64),
});
export type InjectionRecord = Readonly<z.infer<typeof InjectionRecord>>;

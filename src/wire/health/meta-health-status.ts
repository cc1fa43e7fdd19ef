/**
 * The status of metaHealth: its query `status`, the answer of setMode, and `status` in its memo. Plain JSON.
 */
import { z } from "zod";
import { RULES } from "../../domain/health/recovery-rules.ts";

const figure = z.union([z.number(), z.string()]);

export const DecisionRecord = z.object({
  id: z.string(),
  at: z.string(),
  root: z.string(),
  action: z.enum(["restart", "would-restart", "hold"]),
  /** `service:NAME` or `server:NAME`; null: there is nothing to restart. */
  target: z.string().nullable(),
  rule: z.enum(RULES),
  threshold: figure,
  value: figure,
  until: z.string().nullable(),
  says: z.string(),
  /** The outcome of the action; null: nothing was done, or it is not known yet. */
  outcome: z.string().nullable(),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;

export const MetaHealthStatus = z.object({
  mode: z.enum(["auto", "monitor-only"]),
  /** The mode that the configuration last gave; an operator's later change takes precedence. */
  declared_mode: z.enum(["auto", "monitor-only"]),
  word: z.string(),
  roots: z.array(
    z.object({
      id: z.string(),
      owner: z.string(),
      since: z.string(),
      evidence: z.array(z.string()),
    }),
  ),
  /** Newest last, at most the last twenty. */
  decisions: z.array(DecisionRecord),
  /** When the root that is being held back may be acted on. */
  next_decision_at: z.string().nullable(),
  transitions: z.number().int(),
  restarts: z.number().int(),
  would_have: z.number().int(),
  held: z.number().int(),
  updated_at: z.string(),
});
export type MetaHealthStatus = z.infer<typeof MetaHealthStatus>;

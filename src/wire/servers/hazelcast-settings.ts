/** Section `hazelcast` of the configuration. */
import { z } from "zod";

export const HazelcastSettings = z.strictObject({
  address: z
    .string()
    .regex(/^[^\s:]+:\d+$/, "must be host:port")
    .default("127.0.0.1:5701"),
  cluster: z.string().min(1).default("dolphin"),
  /**
   * Prefix of the names of all our maps and ringbuffers, to share a cluster with another system; null: none.
   */
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,32}$/, "must be letters, digits and _, at most 32, or null")
    .nullable()
    .default(null),
  /** Deadline of every call, in milliseconds. */
  deadline_ms: z.number().min(10).max(60_000).default(2_000),
  /** Heap size of the embedded member. */
  heap_mb: z.number().int().min(128).max(65_536).default(512),
});

/** Section `order_book` of the configuration. */
import { z } from "zod";

/** The venue's order books to stream, publish and record; without symbols none are. */
export const orderBookSettings = z
  .strictObject({
    url: z
      .string()
      .regex(/^wss?:\/\/[^\s?#]+$/, "must be an address such as wss://fstream.binance.com/public")
      .default("wss://fstream.binance.com/public"),
    /** Where to fetch snapshots of whole books when `mode` is `changes`. */
    rest_url: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/, "must be an address such as https://fapi.binance.com")
      .default("https://fapi.binance.com"),
    symbols: z
      .array(z.string().regex(/^[A-Z0-9_]{1,40}$/, "must be a symbol such as BTCUSDT"))
      .max(400)
      .default([]),
    /**
     * `depth20`: the best 20 levels, ten times a second; `changes`: the whole book, maintained from its
     * changes.
     */
    mode: z.enum(["depth20", "changes"]).default("depth20"),
    streams_per_connection: z.number().int().min(1).max(200).default(100),
    /** A connection without a message for this long is reopened. */
    silent_s: z.number().min(1).max(600).default(10),
    /** Shortest time between two updates of one text in Hazelcast. */
    publish_every_ms: z.number().int().min(100).max(60_000).default(1_000),
    /** Shortest time between two recorded books of one asset; null: books are not recorded. */
    record_every_ms: z.number().int().min(0).max(3_600_000).nullable().default(1_000),
    keep_days: z.number().int().min(1).max(3_650).default(30),
    keep_gb: z.number().min(0.01).max(100_000).default(20),
  })
  .prefault({});

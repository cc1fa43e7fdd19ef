/** The sections of the configuration that say where metrics and spans go. */
import { z } from "zod";

const PORT_MAX = 65_535;

export const metricsSettings = z.strictObject({
  /** Of the one endpoint of a host, on loopback; null: as `ports.metrics` has it. 0: none. */
  port: z.number().int().min(0).max(PORT_MAX).nullable().default(null),
});

export const tracingSettings = z.strictObject({
  /** Where `dolphin trace --send` sends spans: OTLP over HTTP as JSON, such as http://127.0.0.1:4318/v1/traces. */
  otlp_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
});

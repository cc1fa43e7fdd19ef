/** The sections of the configuration that say where metrics and spans are sent. */
import { z } from "zod";

const PORT_MAX = 65_535;

export const metricsSettings = z.strictObject({
  /** Port of the host's one endpoint, on loopback; null: `ports.metrics`; 0: no endpoint. */
  port: z.number().int().min(0).max(PORT_MAX).nullable().default(null),
});

export const tracingSettings = z.strictObject({
  /**
   * Where `dolphin trace --send` sends spans: OTLP over HTTP as JSON, such as http://127.0.0.1:4318/v1/traces.
   */
  otlp_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
});

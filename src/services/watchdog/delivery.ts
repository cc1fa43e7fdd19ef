/** What the watchdog and its delivery thread say to each other. No secret crosses: settings name them. */
import type { ChannelFigures } from "../../wire/safety/watchdog-figures.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";

export type DeliverySettings = {
  /** The incidents' database. */
  readonly file: string;
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  /** Counted up by the thread while nothing holds it. */
  readonly alive: Int32Array;
  /** Of one request; for tests. */
  readonly deadlineMs?: number | undefined;
};

export type DeliveryMessage =
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly line: string }
  /** When they are others than before. */
  | { readonly kind: "figures"; readonly channels: Readonly<Record<string, ChannelFigures>> }
  | {
      readonly kind: "acknowledge";
      readonly id: number;
      readonly incident: string;
      readonly by: string;
      readonly via: "telegram";
    };

export type WatchdogMessage =
  | { readonly kind: "wake" }
  | { readonly kind: "stop" }
  /** `text` is what who pressed the button is told. */
  | { readonly kind: "acknowledged"; readonly id: number; readonly text: string };

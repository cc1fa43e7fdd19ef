/** The messages between the watchdog and its delivery thread. They contain no secrets, only references. */
import type { ChannelFigures } from "../../wire/safety/watchdog-figures.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";

export type DeliverySettings = {
  /** The incidents' database. */
  readonly file: string;
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  /** Incremented by the thread while nothing blocks it. */
  readonly alive: Int32Array;
  /** Deadline of one request; for tests. */
  readonly deadlineMs?: number | undefined;
};

export type DeliveryMessage =
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly line: string }
  /** Sent when they have changed. */
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
  /** `text`: shown to the user who pressed the button. */
  | { readonly kind: "acknowledged"; readonly id: number; readonly text: string };

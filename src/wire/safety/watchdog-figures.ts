/** The watchdog's counters since its process began, and the state of its channels. */

export type WatchdogFigures = {
  readonly posture: PostureFigures;
  /** Null: no channel is configured, or nothing can be delivered. */
  readonly delivery: DeliveryFigures | null;
};

export type PostureFigures = {
  readonly rounds: number;
  readonly rounds_failed: number;
  /** Evaluations in which a trader that should run did not answer. */
  readonly trader_silent: number;
  readonly published: number;
  readonly publish_failed: number;
  readonly falls: number;
  readonly rises: number;
  /** Number of stops, by itself or by an operator. */
  readonly stops: number;
};

export type DeliveryFigures = {
  /** Whether the delivery thread runs. */
  readonly runs: boolean;
  readonly restarts: number;
  /** Number of threads stuck in the kernel. */
  readonly hanging: number;
  readonly channels: Readonly<Record<string, ChannelFigures>>;
};

/** Delivery attempts by outcome, since the thread began. */
export type ChannelFigures = {
  readonly delivered: number;
  readonly failed: number;
  readonly given_up: number;
  /** After consecutive failures the channel is not tried for a while. */
  readonly is_open: boolean;
  /** The last attempt failed and is repeated, or was given up in the last 15 minutes. */
  readonly failing: boolean;
};

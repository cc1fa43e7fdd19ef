/** What the watchdog counts of itself since its process began, and how its channels stand. */

export type WatchdogFigures = {
  readonly posture: PostureFigures;
  /** Null: no channel is configured, or nothing can be delivered. */
  readonly delivery: DeliveryFigures | null;
};

export type PostureFigures = {
  readonly rounds: number;
  readonly rounds_failed: number;
  /** Looks at which a trader that is wanted did not answer. */
  readonly trader_silent: number;
  readonly published: number;
  readonly publish_failed: number;
  readonly falls: number;
  readonly rises: number;
  /** By itself or by an operator. */
  readonly stops: number;
};

export type DeliveryFigures = {
  /** Whether its thread runs. */
  readonly runs: boolean;
  readonly restarts: number;
  /** Threads that the kernel holds. */
  readonly hanging: number;
  readonly channels: Readonly<Record<string, ChannelFigures>>;
};

/** Attempts, by what came of them, since the thread began. */
export type ChannelFigures = {
  readonly delivered: number;
  readonly failed: number;
  readonly given_up: number;
  /** It is left alone for a while, after failures in a row. */
  readonly is_open: boolean;
};

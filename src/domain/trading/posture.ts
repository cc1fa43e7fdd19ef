/** How much risk the safety watchdog allows: a ladder of postures that scale entries. */

export const POSTURES = ["APEX", "STALKER", "TURTLE", "HIBERNATE"] as const;
export type Posture = (typeof POSTURES)[number];

/** An entry's size is multiplied by this. */
export const POSTURE_SHARES: Readonly<Record<Posture, number>> = {
  APEX: 1,
  STALKER: 0.5,
  TURTLE: 0.25,
  HIBERNATE: 0,
};

/** After this long without a posture open positions are closed, too. */
export const POSTURE_MISSING_CLOSES_AFTER_MS = 600_000;

/**
 * Whether a living service that no run holds is stopped. Invariant: never only because its run is missing. A server
 * that lost its memory, or a deleted supervisor, says nothing about the service: its next run adopts the process.
 */

export type OrphanSigns = {
  readonly supervisor: "running" | "told to stop" | "cancelled" | "gone";
  /** The holder of the newest run's activity. */
  readonly run: "none" | "waiting" | "elsewhere";
};

/** Null: it stays running. */
export function whyStopOrphan({ supervisor, run }: OrphanSigns): string | null {
  if (run === "elsewhere") return "another worker holds its run";
  // An open run is ended by its supervisor, and ends the process with it.
  if (run === "waiting") return null;
  if (supervisor === "told to stop") return "its supervisor says stopped, and no run holds it";
  if (supervisor === "cancelled") return "its supervisor was cancelled, and no run holds it";
  return null;
}

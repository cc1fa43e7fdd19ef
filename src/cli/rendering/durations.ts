/** Durations and counts in a readable form. */

export function duration(seconds: number | null): string {
  if (seconds === null) return "-";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** 12345 -> 12,345. */
export function grouped(value: number | null): string {
  // Initialising Intl for one number would cost as much as reading the configuration.
  return value === null ? "-" : String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

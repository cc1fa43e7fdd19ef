/** Where the newest forecast of a book is told; no dependency, as the watchdog loads no schema. */

export function forewarnNowFile(dataDir: string, book: string): string {
  return `${dataDir}/forewarn/${book}.json`;
}

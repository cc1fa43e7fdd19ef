/** The file with the newest forecast of a book. No imports, because the watchdog loads no schema package. */

export function forewarnNowFile(dataDir: string, book: string): string {
  return `${dataDir}/forewarn/${book}.json`;
}

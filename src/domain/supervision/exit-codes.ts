/** The exit codes of our processes: the contract lists them, and supervision decides by them. */

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
/** The command line was used wrongly. */
export const EXIT_USAGE = 64;
/** A newer epoch has taken over: the process must end and overwrite nothing. */
export const EXIT_FENCED = 76;
/** The configuration, or something that it names, is wrong: only a person can change that. */
export const EXIT_CONFIGURATION = 78;

/** The exit code for an error code; a journal of another version needs a person, too. */
export function exitCodeFor(errorCode: string | undefined): number {
  if (errorCode?.endsWith("JOURNAL_FENCED") === true) return EXIT_FENCED;
  return errorCode?.endsWith("JOURNAL_VERSION") === true ? EXIT_CONFIGURATION : EXIT_FAILED;
}

/**
 * A command that was not carried out, or whose effect is unknown: a sentence for the requester, on the command line
 * or the dashboard.
 */
export class CommandRefused extends Error {
  override readonly name: string = "CommandRefused";
  /** Exit code of the command line. */
  readonly exitCode: number;
  /** It was sent, but its effect is unknown: that is not a refusal. */
  readonly isUnknown: boolean;
  constructor(message: string, exitCode = 1, isUnknown = false) {
    super(message);
    this.exitCode = exitCode;
    this.isUnknown = isUnknown;
  }
}

/** A command that was not carried out, or not as far as is known: a sentence for who asked, whichever way he asked. */
export class CommandRefused extends Error {
  override readonly name: string = "CommandRefused";
  /** Of the command line. */
  readonly exitCode: number;
  /** It was sent, and whether it was done, or will be, is not known: that is no refusal. */
  readonly isUnknown: boolean;
  constructor(message: string, exitCode = 1, isUnknown = false) {
    super(message);
    this.exitCode = exitCode;
    this.isUnknown = isUnknown;
  }
}

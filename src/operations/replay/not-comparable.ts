/** The day can't be run with this program, or its records have a gap. */
export class NotComparable extends Error {
  override readonly name = "NotComparable";
}

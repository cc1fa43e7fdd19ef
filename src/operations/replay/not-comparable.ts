/** The day has no counterpart in this program, or its records have a hole. */
export class NotComparable extends Error {
  override readonly name = "NotComparable";
}

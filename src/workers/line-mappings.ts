/**
 * Reduces a source map to line mappings. With a mapping for each expression a worker takes 13 MB as soon as a
 * workflow asks for a stack trace, in which only lines matter.
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGIT_BITS = 5;
const MORE = 1 << DIGIT_BITS;
/** Generated column, then source, line and column, each relative to the previous mapping. */
const FIELDS = 4;

/** The first mapping of each line that has one. */
export function lineMappings(mappings: string): string {
  const read = [0, 0, 0, 0];
  const written = [0, 0, 0, 0];
  const lines = mappings.split(";").map((line) => {
    let kept: string | null = null;
    read[0] = 0;
    written[0] = 0;
    for (const place of line.split(",")) {
      const steps = numbersIn(place);
      if (steps.length < FIELDS) continue;
      for (let field = 0; field < FIELDS; field += 1) read[field]! += steps[field]!;
      if (kept !== null) continue;
      kept = read.map((value, field) => textOf(value - written[field]!)).join("");
      written.splice(0, FIELDS, ...read);
    }
    return kept ?? "";
  });
  return lines.join(";");
}

/** Base64 VLQ: digits of five bits, lowest first; the lowest bit of a number is its sign. */
function numbersIn(place: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of place) {
    const digit = DIGITS.indexOf(letter);
    value |= (digit & (MORE - 1)) << shift;
    shift += DIGIT_BITS;
    if ((digit & MORE) !== 0) continue;
    numbers.push((value & 1) === 0 ? value >> 1 : -(value >> 1));
    [value, shift] = [0, 0];
  }
  return numbers;
}

function textOf(number: number): string {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    const digit = rest & (MORE - 1);
    rest >>= DIGIT_BITS;
    text += DIGITS[rest === 0 ? digit : digit | MORE];
  } while (rest !== 0);
  return text;
}

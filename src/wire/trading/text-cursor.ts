/**
 * A position in a JSON text, for parsing a known layout: it accepts the expected text or reports a mismatch.
 */

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
/** A decimal of at most this many digits is an exact integer divided once by an exact power of ten. */
const EXACT_DIGITS_MAX = 15;
const NUMBER_CHARS_MAX = 32;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, at) => 10 ** at);

export class TextCursor {
  #text = "";
  #at = 0;

  begin(text: string): this {
    this.#text = text;
    this.#at = 0;
    return this;
  }

  /** Advances past `expected` if it is next. */
  take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  isAt(expected: string): boolean {
    return this.#text.startsWith(expected, this.#at);
  }

  /** The text up to `end`, which is not consumed; null where there is none. */
  until(end: string): string | null {
    const to = this.#text.indexOf(end, this.#at);
    if (to === -1) return null;
    const found = this.#text.slice(this.#at, to);
    this.#at = to;
    return found;
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Null unless true or false is next. */
  flag(): boolean | null {
    if (this.take("false")) return false;
    return this.take("true") ? true : null;
  }

  /** NaN unless a number is next. */
  number(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at += 1;
    let mantissa = 0;
    let digits = 0;
    let pointAt = -1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (ZERO <= code && code <= NINE) {
        mantissa = mantissa * 10 + (code - ZERO);
        digits += 1;
      } else if (code === POINT && pointAt === -1) {
        pointAt = at;
      } else {
        break;
      }
      at += 1;
    }
    if (digits === 0 || EXACT_DIGITS_MAX < digits || isExponent(text.charCodeAt(at))) {
      return this.#anyNumber(start, at);
    }
    this.#at = at;
    if (pointAt !== -1) mantissa /= POWERS_OF_TEN[at - pointAt - 1] ?? Number.NaN;
    return isNegative ? -mantissa : mantissa;
  }

  #anyNumber(start: number, from: number): number {
    const text = this.#text;
    let at = from;
    while (isInNumber(text.charCodeAt(at)) && at - start < NUMBER_CHARS_MAX) at += 1;
    this.#at = at;
    return at === start ? Number.NaN : Number(text.slice(start, at));
  }
}

function isExponent(code: number): boolean {
  return code === 101 || code === 69;
}

/** A digit, a sign, a point or an exponent. */
function isInNumber(code: number): boolean {
  return (
    (ZERO <= code && code <= NINE) ||
    code === POINT ||
    code === MINUS ||
    code === 43 ||
    isExponent(code)
  );
}

/**
 * Writes doubles as JSON numbers, several times faster than `String(x)`: of 800 doubles a scan the
 * text is what costs. Invariant: the text parses back to the same bits, though it is not always
 * the shortest that does (17 digits always suffice).
 *
 * A double of at most eight decimals (most prices) is a whole number of 1e-8, and its text is that
 * number's digits. Any other is scaled by a power of ten to a whole number N of 17 digits. The
 * scaling runs in pairs of doubles (Dekker's product), with an error of about 2^-48; N could be
 * wrong by 1/20 before the text would parse to another double, as half the distance to the next
 * double is at least 10^16 / 2^54 = 0.55.
 */

/** Most bytes that one number takes. */
export const NUMBER_BYTES_MAX = 25;

const DIGITS = 17;
const POWER_MAX = 57;
/** Below this, `String` writes it: such numbers are rare. */
const SMALLEST = 1e-40;
const LARGEST = 1e16;
/** Smaller numbers are written with an exponent. */
const EXPONENT_BELOW = -6;
const DECIMALS_UNIT = 1e8;

/** 10^k as a pair of doubles, the first split into halves of 26 bits for Dekker's product. */
const POWER = new Float64Array(POWER_MAX + 1);
const POWER_UPPER = new Float64Array(POWER_MAX + 1);
const POWER_LOWER = new Float64Array(POWER_MAX + 1);
const POWER_REST = new Float64Array(POWER_MAX + 1);
const SPLITTER = 2 ** 27 + 1;
for (let k = 0; k <= POWER_MAX; k += 1) {
  const exact = 10n ** BigInt(k);
  const power = Number(exact);
  const scaled = power * SPLITTER;
  POWER[k] = power;
  POWER_UPPER[k] = scaled - (scaled - power);
  POWER_LOWER[k] = power - (scaled - (scaled - power));
  POWER_REST[k] = Number(exact - BigInt(power));
}

const LOWEST_EXPONENT = -41;
const TENS = Float64Array.from({ length: 60 }, (_, at) => Number(`1e${at + LOWEST_EXPONENT}`));

/** "00" to "99" as bytes. */
const PAIRS = new TextEncoder().encode(
  Array.from({ length: 100 }, (_, at) => String(at).padStart(2, "0")).join(""),
);
const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** Writes a finite double at `at` and returns where it ends. The caller has left room. */
export function writeNumber(out: Uint8Array, at: number, value: number): number {
  if (value < 0 || Object.is(value, -0)) {
    out[at] = MINUS;
    return writePositive(out, at + 1, -value);
  }
  return writePositive(out, at, value);
}

function writePositive(out: Uint8Array, at: number, value: number): number {
  const units = Math.round(value * DECIMALS_UNIT);
  if (units <= Number.MAX_SAFE_INTEGER && units / DECIMALS_UNIT === value) {
    const whole = (units / DECIMALS_UNIT) | 0;
    const decimals = (units - whole * DECIMALS_UNIT) | 0;
    const point = writeWhole(out, at, whole);
    if (decimals === 0) return point;
    out[point] = POINT;
    writeEight(out, point + 1, decimals);
    return withoutZeros(out, point + 9);
  }
  if (value < SMALLEST || LARGEST <= value) return writeAscii(out, at, String(value));
  return writeScaled(out, at, value);
}

function writeScaled(out: Uint8Array, at: number, value: number): number {
  double[0] = value;
  const binaryExponent = (words[1]! >>> 20) - 1023;
  // 1233 / 4096 is log10(2): the estimate is right or one too low.
  let exponent = (binaryExponent * 1233) >> 12;
  if (TENS[exponent + 1 - LOWEST_EXPONENT]! <= value) exponent += 1;
  const k = DIGITS - 1 - exponent;
  // Dekker: high + low is exactly value * POWER[k].
  const scaled = value * SPLITTER;
  const upper = scaled - (scaled - value);
  const lower = value - upper;
  const high = value * POWER[k]!;
  const low =
    upper * POWER_UPPER[k]! -
    high +
    upper * POWER_LOWER[k]! +
    lower * POWER_UPPER[k]! +
    lower * POWER_LOWER[k]! +
    value * POWER_REST[k]!;
  // The upper nine and the lower eight of the 17 digits, as small integers.
  let first = (high / 1e8) | 0;
  let last = (high - first * 1e8 + Math.round(low)) | 0;
  if (last < 0) {
    first -= 1;
    last += 1e8;
  } else if (1e8 <= last) {
    first += 1;
    last -= 1e8;
  }
  // Beside a power of ten the exponent may be off by one: leave that to the slow way.
  if (first < 1e8 || 1e9 <= first) return writeAscii(out, at, String(value));
  const isSmall = EXPONENT_BELOW <= exponent && exponent < 0;
  const start = at + 1 - (isSmall ? exponent : 0);
  const leading = (first / 1e8) | 0;
  out[start] = ZERO + leading;
  writeEight(out, start + 1, first - leading * 1e8);
  writeEight(out, start + 9, last);
  if (!isSmall) return placePoint(out, at, exponent);
  for (let zero = at; zero < start; zero += 1) out[zero] = ZERO;
  out[at + 1] = POINT;
  return withoutZeros(out, start + DIGITS);
}

/** Puts the point among 17 digits that begin at `at + 1`; the first of them counts 10^exponent. */
function placePoint(out: Uint8Array, at: number, exponent: number): number {
  const whole = exponent < 0 ? 0 : exponent;
  for (let digit = at; digit <= at + whole; digit += 1) out[digit] = out[digit + 1]!;
  out[at + whole + 1] = POINT;
  const end = withoutZeros(out, at + DIGITS + 1);
  return exponent < 0 ? writeAscii(out, end, `e${exponent}`) : end;
}

/** Cuts the zeros after the point, and the point when nothing is left behind it. */
function withoutZeros(out: Uint8Array, end: number): number {
  let cut = end;
  while (out[cut - 1] === ZERO) cut -= 1;
  return out[cut - 1] === POINT ? cut - 1 : cut;
}

/** A whole number below 10^8, as it is usual before the point. */
function writeWhole(out: Uint8Array, at: number, value: number): number {
  let end = at + 1;
  for (let limit = 10; limit <= value; limit *= 10) end += 1;
  let rest = value;
  for (let digit = end - 1; at <= digit; digit -= 1) {
    const next = (rest / 10) | 0;
    out[digit] = ZERO + rest - next * 10;
    rest = next;
  }
  return end;
}

/** Eight digits, with zeros in front. */
function writeEight(out: Uint8Array, at: number, value: number): void {
  const upper = (value / 10_000) | 0;
  const lower = value - upper * 10_000;
  writePair(out, at, (upper / 100) | 0);
  writePair(out, at + 2, upper % 100);
  writePair(out, at + 4, (lower / 100) | 0);
  writePair(out, at + 6, lower % 100);
}

function writePair(out: Uint8Array, at: number, pair: number): void {
  out[at] = PAIRS[pair * 2]!;
  out[at + 1] = PAIRS[pair * 2 + 1]!;
}

function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}

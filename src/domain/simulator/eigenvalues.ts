/**
 * The eigenvalues of a symmetric matrix, without its eigenvectors: Householder reflections make it
 * tridiagonal, then the implicit QL method with Wilkinson's shift makes it diagonal. Both steps
 * are orthogonal, so the error is a few ulps of the largest eigenvalue, whatever the matrix.
 */
import { assert } from "../assert.ts";

type Tridiagonal = { readonly diagonal: Float64Array; readonly beside: Float64Array };

const SWEEPS_MAX = 60;

/** Eigenvalues, descending, of the `size` x `size` matrix stored by rows; overwrites the matrix. */
export function symmetricEigenvalues(matrix: Float64Array, size: number): Float64Array {
  assert(matrix.length === size * size, "the matrix is square");
  return diagonalize(tridiagonalize(matrix, size)).toSorted().toReversed();
}

/** Each reflection clears one column below its subdiagonal, and continues with the remaining block. */
function tridiagonalize(matrix: Float64Array, size: number): Tridiagonal {
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const product = new Float64Array(size);
  // Far below the rounding error, and far above where a sum of squares underflows.
  const negligible =
    Number.EPSILON ** 2 * matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let column = 0; column < size; column++) {
    diagonal[column] = matrix[column * size + column]!;
    const first = column + 1;
    if (first >= size) break;
    // By symmetry the column to clear is a row, which is contiguous.
    const vector = matrix.subarray(column * size, first * size);
    const norm = Math.sqrt(dot(vector, vector, first));
    if (norm <= negligible) continue;
    // The sign that adds, so that no digits cancel.
    const target = vector[first]! > 0 ? -norm : norm;
    beside[column] = target;
    vector[first]! -= target;
    reflectBlock(matrix, { size, first, vector, product });
  }
  return { diagonal, beside };
}

/** B - v w' - w v' with w = p - (p'v / v'v) v and p = 2 B v / v'v, over the block B from `first`. */
function reflectBlock(
  matrix: Float64Array,
  by: {
    readonly size: number;
    readonly first: number;
    readonly vector: Float64Array;
    readonly product: Float64Array;
  },
): void {
  const { size, first, vector, product } = by;
  const square = dot(vector, vector, first);
  for (let row = first; row < size; row++) {
    product[row] = (2 * dot(matrix.subarray(row * size, (row + 1) * size), vector, first)) / square;
  }
  const along = dot(product, vector, first) / square;
  for (let row = first; row < size; row++) product[row]! -= along * vector[row]!;
  for (let row = first; row < size; row++) {
    const left = vector[row]!;
    const right = product[row]!;
    const start = row * size;
    for (let other = first; other < size; other++) {
      matrix[start + other]! -= left * product[other]! + right * vector[other]!;
    }
  }
}

function diagonalize({ diagonal, beside }: Tridiagonal): Float64Array {
  // Relative to the whole matrix: where the rank is deficient, neighbouring entries are rounding noise, and a test
  // relative to them would never be met.
  let largest = 0;
  diagonal.forEach((value, at) => {
    largest = Math.max(largest, Math.abs(value) + Math.abs(beside[at]!));
  });
  const negligible = Number.EPSILON * largest;
  for (let low = 0; low < diagonal.length; low++) {
    for (let sweep = 0; ; sweep++) {
      // The block low..high is decoupled from the rest.
      let high = low;
      while (high < diagonal.length - 1 && Math.abs(beside[high]!) > negligible) high++;
      if (high === low) break;
      assert(sweep < SWEEPS_MAX, "the QL method converges");
      chase({ diagonal, beside }, low, high);
    }
  }
  return diagonal;
}

/** One implicit QL step: rotations carry a bulge from the bottom of the block to its top. */
function chase({ diagonal, beside }: Tridiagonal, low: number, high: number): void {
  const half = (diagonal[low + 1]! - diagonal[low]!) / (2 * beside[low]!);
  const root = Math.hypot(half, 1);
  let value = diagonal[high]! - diagonal[low]! + beside[low]! / (half + (half < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let carried = 0;
  for (let at = high - 1; at >= low; at--) {
    const bulge = sine * beside[at]!;
    const kept = cosine * beside[at]!;
    const length = Math.hypot(bulge, value);
    beside[at + 1] = length;
    if (length === 0) {
      // The rotation split the block: the part below is already diagonal.
      diagonal[at + 1]! -= carried;
      beside[high] = 0;
      return;
    }
    sine = bulge / length;
    cosine = value / length;
    const shifted = diagonal[at + 1]! - carried;
    const twist = (diagonal[at]! - shifted) * sine + 2 * cosine * kept;
    carried = sine * twist;
    diagonal[at + 1] = shifted + carried;
    value = cosine * twist - kept;
  }
  diagonal[low]! -= carried;
  beside[low] = value;
  beside[high] = 0;
}

function dot(left: Float64Array, right: Float64Array, first: number): number {
  let sum = 0;
  for (let at = first; at < left.length; at++) sum += left[at]! * right[at]!;
  return sum;
}

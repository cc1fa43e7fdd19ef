/** Lines of a screen: coloured pieces, measured and cut to the terminal's columns. */
import { type Colour, printable } from "../rendering/terminal.ts";

export type Piece = { readonly colour: Colour; readonly text: string };
export type TextLine = readonly Piece[];

/** Characters of two columns: East Asian scripts and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Characters of no column: combining marks. */
const MARK = /[\p{Mn}\p{Me}\p{Cf}]/u;
const CUT = "…";

/** Text from any source, without anything that controls the terminal. */
export function piece(text: string, colour: Colour = "plain"): Piece {
  return { colour, text: printable(text) };
}

export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  return MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** Cuts to a width; the last column shows where something was cut. */
export function fitted(line: TextLine, columns: number): TextLine {
  if (line.reduce((sum, { text }) => sum + widthOf(text), 0) <= columns) return line;
  let left = columns - 1;
  const kept: Piece[] = [];
  for (const { colour, text } of line) {
    let part = "";
    for (const character of text) {
      left -= columnsOf(character);
      if (left < 0) return [...kept, { colour, text: 0 < columns ? part + CUT : "" }];
      part += character;
    }
    kept.push({ colour, text: part });
  }
  return kept;
}

/** Columns of equal width, two apart; the last one of any length. */
export function columnLines(rows: readonly TextLine[]): TextLine[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach(({ text }, at) => {
      widths[at] = Math.max(widths[at] ?? 0, widthOf(text));
    });
  }
  return rows.map((row) =>
    row.map(({ colour, text }, at) => {
      const room = at === row.length - 1 ? 0 : (widths[at] ?? 0) - widthOf(text) + 2;
      return { colour, text: text + " ".repeat(room) };
    }),
  );
}

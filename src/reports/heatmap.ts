/** A table of coloured cells: red below zero, green above, paler towards zero. */
import { escaped } from "./plot.ts";

export type Heatmap = {
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    /** Null: there is none. */
    readonly cells: readonly (number | null)[];
  }[];
  readonly text: (value: number) => string;
  /** Column and row of the cell with a frame. */
  readonly best?: readonly [number, number] | undefined;
};

export function heatmap({ corner, columns, rows, text, best }: Heatmap): string {
  const sizes = rows.flatMap(({ cells }) => cells.map((cell) => Math.abs(cell ?? 0)));
  const largest = Math.max(1e-12, ...sizes.filter(Number.isFinite));
  const heads = columns.map((column) => `<th>${escaped(column)}</th>`).join("");
  const lines = rows.map(({ name, cells }, down) => {
    const inner = cells.map((cell, across) => {
      if (cell === null) return "<td class='none'></td>";
      const isBest = best?.[0] === across && best[1] === down;
      return `<td${isBest ? " class='best'" : ""} style="background:${colourOf(cell / largest)}">${escaped(text(cell))}</td>`;
    });
    return `<tr><th>${escaped(name)}</th>${inner.join("")}</tr>`;
  });
  return `<div class="scroll"><table class="heat"><tr><th>${escaped(corner)}</th>${heads}</tr>${lines.join("")}</table></div>`;
}

function colourOf(share: number): string {
  const strength = Math.round(Math.min(1, Math.abs(share)) * 70) / 100;
  return share < 0 ? `rgba(220,38,38,${strength})` : `rgba(22,163,74,${strength})`;
}

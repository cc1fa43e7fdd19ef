/** Long tables folded: on a phone each row is a card, and hundreds of cards bury what comes below them. */
import { element } from "../dom.js";

export const ROWS_FOLDED = 12;

/** The first rows, and every one that needs a look. */
export function foldedRows(rows, needsLook) {
  return rows.filter((row, at) => at < ROWS_FOLDED || needsLook(row));
}

/** Around a `table`: `show` takes rows of any kind, which `cellsOf` makes into cells. */
export function foldable(list, { cellsOf, needsLook = () => false }) {
  let isOpen = false;
  let shown = { rows: [], nothing: "" };
  const button = element("button", { type: "button", hidden: true, on: { click: () => turn() } });
  const draw = () => {
    const { rows, nothing } = shown;
    const folded = foldedRows(rows, needsLook);
    list.show((isOpen ? rows : folded).map(cellsOf), nothing);
    button.hidden = folded.length === rows.length;
    button.textContent = isOpen
      ? `show ${folded.length} of ${rows.length}`
      : `show all ${rows.length}`;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  const turn = () => {
    isOpen = !isOpen;
    draw();
  };
  const show = (rows, nothing) => {
    shown = { rows, nothing };
    draw();
  };
  return { node: element("div", {}, list.node, button), show };
}

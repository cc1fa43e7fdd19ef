/** Dialogs of commands: a question that the keyboard can answer, and a message about the result. */
import { element } from "../dom.js";

const SHOWN_MS = 8_000;
let lines = null;

/** A success message disappears by itself; a failure stays until it is dismissed. */
export function tell({ ok, says }) {
  lines ??= element("div", { class: "told", role: "status", "aria-live": "polite" });
  place();
  const close = element(
    "button",
    { type: "button", "aria-label": "Dismiss", on: { click: () => line.remove() } },
    "\u00d7",
  );
  const line = element(
    "p",
    { class: ok ? "good" : "bad", role: ok ? null : "alert" },
    element("span", {}, says),
    close,
  );
  lines.append(line);
  if (ok) setTimeout(() => line.remove(), SHOWN_MS);
}

/** Inside the open dialog, because what is behind it is not reachable. */
function place() {
  const open = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (lines !== null && lines.parentNode !== open) open.append(lines);
}

/** Resolves with true when confirmed. For a grave question the other answer has the focus. */
export function ask({ heading, says = "", would = [], yes, isGrave = false }) {
  return new Promise((resolve) => {
    const done = (answer) => () => dialog.close(answer);
    const cancel = element("button", { type: "button", on: { click: done("") } }, "Cancel");
    const act = element(
      "button",
      { type: "button", class: isGrave ? "grave" : "", on: { click: done("yes") } },
      yes,
    );
    const list = would.map((line) => element("li", {}, line));
    const dialog = modal(
      heading,
      says === "" ? null : element("p", {}, says),
      list.length === 0 ? null : element("ul", { class: "plain" }, ...list),
      element("p", { class: "row" }, act, cancel),
    );
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
    dialog.showModal();
    (isGrave ? cancel : act).focus();
  });
}

/** Removed when closed; Escape closes it, and the focus returns to where it was. */
export function modal(heading, ...children) {
  const before = document.activeElement;
  const dialog = element(
    "dialog",
    { "aria-label": heading },
    element("h2", {}, heading),
    ...children,
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    place();
    before?.focus?.();
  });
  return document.body.appendChild(dialog);
}

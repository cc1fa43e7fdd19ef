/**
 * DOM helpers. Invariant: text is inserted as text, never as markup, and links only lead to http or our own pages.
 */

/** Options: `class`, `data: {}`, `on: {click}`, and every other name as an attribute; null children are left out. */
export function element(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  const { class: kind, data = {}, on = {}, ...attributes } = options;
  if (kind) node.className = kind;
  for (const [name, value] of Object.entries(data)) node.dataset[name] = value;
  for (const [name, act] of Object.entries(on)) node.addEventListener(name, act);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "href" && !isSafe(String(value))) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function isSafe(href) {
  return /^(https?:\/\/|[#/])/.test(href) && !href.startsWith("//");
}

/** A section with its heading, which may contain more elements. */
export function panel(heading, options = {}, ...children) {
  const head = element("h2", {}, heading);
  const node = element("section", { "aria-label": heading, ...options }, head, ...children);
  return Object.assign(node, { head });
}

const WIDE = new Set(["Why", "Answer", "Value", "Reasons"]);

/** A table that becomes cards on a phone; `show` takes rows of cells, texts or nodes. */
export function table(labels, caption) {
  const body = element("tbody");
  const head = element(
    "thead",
    {},
    element("tr", {}, ...labels.map((label) => element("th", { scope: "col" }, label))),
  );
  const node = element("table", { class: "cards", "aria-label": caption }, head, body);
  const rowOf = (cells) => element("tr", {}, ...cells.map((cell, at) => cellOf(labels[at], cell)));
  const show = (rows, nothing = "nothing") => {
    const empty = element(
      "tr",
      {},
      element("td", { class: "dim", colspan: labels.length }, nothing),
    );
    body.replaceChildren(...(rows.length === 0 ? [empty] : rows.map(rowOf)));
  };
  return { node: element("div", { class: "scroll", tabindex: "0" }, node), show };
}

function cellOf(label, cell) {
  const kind = WIDE.has(label) ? "wide" : "";
  return element("td", { class: kind, data: { label } }, cell ?? "-");
}

export function facts(entries) {
  return element(
    "dl",
    {},
    ...entries.flatMap(([name, value]) => [
      element("dt", {}, name),
      element("dd", {}, value ?? "-"),
    ]),
  );
}

/** Replaces the content only if it differs, so that a reader's selection and focus stay. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

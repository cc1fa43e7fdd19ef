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
  const shown = children.flat().filter((child) => child !== null && child !== undefined);
  node.append(...shown.map((child) => (typeof child === "string" ? legible(child) : child)));
  return node;
}

/** Control characters for text direction would make a name look like another one. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function legible(text) {
  return text.replaceAll(
    TURNING,
    (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`,
  );
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

/** Texts may be of any length. */
const WIDE = new Set(["Why", "Answer", "Value", "Reasons", "File", "Where", "Source", "Name"]);

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
    become(body, rows.length === 0 ? [empty] : rows.map(rowOf));
  };
  const scroll = { class: "scroll", tabindex: "0", role: "group", "aria-label": caption };
  return { node: element("div", scroll, node), show };
}

/** Unchanged rows and cells stay, because the reader's focus and selection are in them. */
function become(node, wanted) {
  for (const [at, next] of wanted.entries()) {
    const own = node.children[at];
    if (own === undefined) node.append(next);
    else if (own.isEqualNode(next)) continue;
    else if (isRowLike(own, next)) become(own, [...next.children]);
    else own.replaceWith(next);
  }
  while (wanted.length < node.children.length) node.lastElementChild.remove();
}

function isRowLike(own, next) {
  return own.tagName === "TR" && own.children.length === next.children.length;
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
  const shown = legible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

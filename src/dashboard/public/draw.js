/** Small pieces of the page; text always goes in as text, never as markup. */

export function element(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  if (options.class) node.className = options.class;
  for (const [name, value] of Object.entries(options.data ?? {})) node.dataset[name] = value;
  node.append(...children.filter((child) => child !== null));
  return node;
}

export function replace(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

/** The colour class of a status word; the words are those of `dolphin status`. */
export function toneOf(word) {
  if (word === "Healthy") return "good";
  const mild = ["Warning", "Stale (upstream)", "Waiting", "Starting", "Stopped"];
  return mild.includes(word) ? "warn" : "bad";
}

export function badge(word) {
  return element("span", { class: `badge ${toneOf(word)}` }, word);
}

const WIDE = new Set(["Why", "Answer"]);

export function row(labels, cells) {
  return element(
    "tr",
    {},
    ...cells.map((cell, index) =>
      element(
        "td",
        { class: WIDE.has(labels[index]) ? "wide" : "", data: { label: labels[index] } },
        cell,
      ),
    ),
  );
}

export function count(value) {
  return value === null || value === undefined ? "-" : value.toLocaleString("en-US");
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "-";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function milliseconds(value) {
  if (typeof value !== "number") return "-";
  return value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0);
}

const SVG = "http://www.w3.org/2000/svg";

/** A line over the samples that are known, from zero to their greatest; gaps stay gaps. */
export function sparkline(id, values) {
  const svg = document.getElementById(id);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const greatest = Math.max(1, ...values.filter((value) => value !== null));
  const x = (index) => (values.length < 2 ? width : (index / (values.length - 1)) * width);
  const y = (value) => height - 3 - (value / greatest) * (height - 6);
  const shapes = runsOf(values).flatMap((run) => {
    const points = run.map((index) => `${x(index).toFixed(1)},${y(values[index]).toFixed(1)}`);
    const base = `${x(run.at(-1)).toFixed(1)},${height} ${x(run[0]).toFixed(1)},${height}`;
    return [
      shape("polygon", { class: "area", points: `${points.join(" ")} ${base}` }),
      shape("polyline", { class: "line", points: points.join(" ") }),
    ];
  });
  const known = values.filter((value) => value !== null);
  const title = document.createElementNS(SVG, "title");
  title.textContent = known.length === 0 ? "no samples yet" : `at most ${greatest} a minute`;
  svg.replaceChildren(title, ...shapes);
}

/** The indexes of neighbouring known samples. */
function runsOf(values) {
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index > 0 && values[index - 1] !== null) runs.at(-1).push(index);
    else runs.push([index]);
  });
  return runs;
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** The HTML page of a tear sheet: one file with its own style, no scripts, and nothing from a network. */
import { escaped } from "./plot.ts";

export type Tile = {
  readonly name: string;
  readonly value: string;
  readonly tone?: "good" | "bad";
};

const STYLE = `
:root{--ink:#0f172a;--soft:#64748b;--line:#e2e8f0;--paper:#fff;--ground:#f8fafc;--blue:#2563eb;--green:#16a34a;--red:#dc2626;--amber:#d97706;--grey:#94a3b8}
@media(prefers-color-scheme:dark){:root{--ink:#e2e8f0;--soft:#94a3b8;--line:#263349;--paper:#131c2e;--ground:#0b1220;--blue:#60a5fa;--green:#4ade80;--red:#f87171;--amber:#fbbf24;--grey:#64748b}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:28px 20px 60px}h1{font-size:24px;margin:0}h2{font-size:15px;margin:0 0 10px}
.sub{color:var(--soft);margin:4px 0 18px;overflow-wrap:anywhere}.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(122px,1fr));gap:10px;margin-bottom:16px}
.tile,.card{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:12px 14px}.tile b{display:block;font-size:19px;white-space:nowrap;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:12px}.good{color:var(--green)}.bad{color:var(--red)}.card{margin-bottom:14px}.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:14px}
.pair>.card{margin-bottom:0}.pair{margin-bottom:14px}svg{display:block;width:100%;height:auto}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:500;color:var(--soft)}td{text-align:right}td,th{padding:3px 8px;border-bottom:1px solid var(--line)}
tr:last-child>*{border-bottom:0}td.text{text-align:left}td.long{overflow-wrap:anywhere;font-size:12px}.list th+th{text-align:right}.heat{width:auto;min-width:50%}.heat td{text-align:center;min-width:52px;border:2px solid var(--paper);border-radius:5px}.heat th{text-align:center}
.card.warn{border-left:4px solid var(--amber)}.card.grave{border-left-color:var(--red)}.warn th{white-space:nowrap;vertical-align:top;color:var(--ink);font-weight:600;width:1%}.warn td{text-align:left}
.heat .best{outline:2px solid var(--ink);outline-offset:-3px;font-weight:700}.note{color:var(--soft);margin:6px 0 0;font-size:12.5px}
.legend{color:var(--soft);font-size:12px;margin:0 0 4px}.legend i{display:inline-block;width:16px;height:3px;border-radius:2px;margin:0 5px 3px 12px}
.grid{stroke:var(--line)}.mark{stroke:var(--grey)}.tick,.name{fill:var(--soft);font-size:11px}
path{fill:none}.own{stroke:var(--blue);stroke-width:1.8}.hold{stroke:var(--grey);stroke-width:1.3}.price{stroke:var(--soft);stroke-width:1.1}
.under{fill:var(--red);opacity:.18}.under-line{stroke:var(--red);stroke-width:1}.bar-gain{fill:var(--green);opacity:.8}.bar-loss{fill:var(--red);opacity:.8}
.fan{fill:var(--blue);opacity:.13}.fan-core{fill:var(--blue);opacity:.2}.limit{stroke:var(--red);stroke-dasharray:5 4}
.dot-gain{fill:var(--green);opacity:.55}.dot-loss{fill:var(--red);opacity:.55}.in-long{fill:var(--green)}.in-short{fill:var(--red)}.out{stroke:var(--ink);stroke-width:1.3}
`;

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;
}

export function heading(title: string, under: string): string {
  return `<h1>${escaped(title)}</h1><p class="sub">${escaped(under)}</p>`;
}

export function tiles(all: readonly Tile[]): string {
  const one = ({ name, value, tone }: Tile) =>
    `<div class="tile"><span>${escaped(name)}</span><b class="${tone ?? ""}">${escaped(value)}</b></div>`;
  return `<div class="tiles">${all.map(one).join("")}</div>`;
}

/** `content` is markup. */
export function card(title: string, content: string): string {
  return `<section class="card"><h2>${escaped(title)}</h2>${content}</section>`;
}

export function pair(...cards: readonly string[]): string {
  return `<div class="pair">${cards.join("")}</div>`;
}

/** What distorts the figures below; empty where nothing does. */
export function warnings(title: string, rows: readonly Warning[]): string {
  if (rows.length === 0) return "";
  const grave = rows.some(({ isGrave }) => isGrave === true) ? " grave" : "";
  const lines = rows.map(
    ({ name, text }) => `<tr><th>${escaped(name)}</th><td>${escaped(text)}</td></tr>`,
  );
  return `<section class="card warn${grave}"><h2>${escaped(title)}</h2><table>${lines.join("")}</table></section>`;
}

export type Warning = {
  readonly name: string;
  readonly text: string;
  readonly isGrave?: boolean;
};

export function note(text: string): string {
  return `<p class="note">${escaped(text)}</p>`;
}

export function legend(entries: readonly (readonly [string, string])[]): string {
  const keys = entries.map(
    ([colour, text]) => `<i style="background:var(--${colour})"></i>${escaped(text)}`,
  );
  return `<p class="legend">${keys.join("")}</p>`;
}

/** Name and value, one line each. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, value]) => {
    const style = value.length > 28 ? ' class="long"' : "";
    return `<tr><th>${escaped(name)}</th><td${style}>${escaped(value)}</td></tr>`;
  });
  return `<table>${lines.join("")}</table>`;
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((name) => `<th>${escaped(name)}</th>`).join("");
  const lines = rows
    .map((row) => row.map((cell, at) => cellOf(cell, at === 0 ? "th" : "td")))
    .map((cells) => `<tr>${cells.join("")}</tr>`)
    .join("");
  return `<div class="scroll"><table class="list"><tr>${head}</tr>${lines}</table></div>`;
}

function cellOf(text: string, kind: "th" | "td"): string {
  // A percentage is not broken across lines.
  return `<${kind}>${escaped(text.replace(/(\d) %$/, "$1\u00a0%"))}</${kind}>`;
}

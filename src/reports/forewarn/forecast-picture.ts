/** A forecast's fan as a picture of its own: an SVG file with its own colours, for light and for dark. */
import type { EnvelopePoint } from "../../domain/forewarn/forecast.ts";
import type { Plot } from "../plot.ts";
import { fanChart } from "./fan-chart.ts";

/** Drawn at about the size at which it is shown, so that its text has the size of the text around it. */
const PLOTS = {
  wide: { width: 560, height: 250, left: 58, right: 14, top: 12, bottom: 38 },
  narrow: { width: 330, height: 230, left: 54, right: 10, top: 12, bottom: 38 },
} as const satisfies Record<string, Plot>;
export type PictureForm = keyof typeof PLOTS;

/** A limit further away than this many times the fan's own depth would leave a flat line of the fan. */
const LIMIT_DEPTHS_MAX = 4;

/** Colours as on the dashboard's pages: a picture cannot use those of the page that shows it. */
const STYLE = `
:root{--dim:#5a6875;--line:#d7dee5;--bad:#b3261e;--accent:#0b5c8a;font:13px system-ui,sans-serif}
@media(prefers-color-scheme:dark){:root{--dim:#9aa8b5;--line:#2c3843;--bad:#ff8b82;--accent:#72bce8}}
.grid,.mark{stroke:var(--line)}.tick,.name{fill:var(--dim)}path{fill:none}
.own{stroke:var(--accent);stroke-width:2}.fan{fill:var(--accent);opacity:.16}.fan-core{fill:var(--accent);opacity:.24}
.limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}
`;

export function isPictureForm(text: string): text is PictureForm {
  return Object.hasOwn(PLOTS, text);
}

/** @param limitAt the equity at which the drawdown limit is reached, as a multiple of the present one */
export function forecastPicture(
  form: PictureForm,
  envelope: readonly EnvelopePoint[],
  limitAt: number | null,
): string {
  const plot = PLOTS[form];
  const lines = limitAt !== null && isLimitShown(envelope, limitAt) ? [limitAt] : [];
  const content = fanChart(plot, envelope, lines);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${plot.width}" height="${plot.height}" ` +
    `viewBox="0 0 ${plot.width} ${plot.height}"><style>${STYLE}</style>${content}</svg>`
  );
}

/** Whether the picture has the line at which the drawdown limit is reached. */
export function isLimitShown(envelope: readonly EnvelopePoint[], limitAt: number): boolean {
  const lowest = Math.min(1, ...envelope.map(({ quantiles }) => quantiles["q0.05"] ?? 1));
  return 1 - limitAt <= LIMIT_DEPTHS_MAX * (1 - lowest);
}

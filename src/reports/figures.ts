/** Numbers as text; an unknown one is a dash. */
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../domain/time.ts";

const NONE = "–";

export function number(value: number | null, digits = 2): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  const [whole = "", fraction] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? "−" : "";
  return `${sign}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

export function percent(share: number | null, digits = 2): string {
  return share === null || !Number.isFinite(share) ? NONE : `${number(share * 100, digits)} %`;
}

export function signedPercent(share: number | null): string {
  return share !== null && share > 0 ? `+${percent(share)}` : percent(share);
}

export function span(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < MS_PER_SECOND) return `${number(ms, 0)} ms`;
  if (ms < 2 * MS_PER_MINUTE) return `${number(ms / MS_PER_SECOND, 1)} s`;
  if (ms < 2 * MS_PER_HOUR) return `${number(ms / MS_PER_MINUTE, 1)} min`;
  if (ms < 2 * MS_PER_DAY) return `${number(ms / MS_PER_HOUR, 1)} h`;
  return `${number(ms / MS_PER_DAY, 1)} d`;
}

/** 1,200,000 -> 1.2M, for an axis. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(5))}k`;
  return String(Number(value.toPrecision(6)));
}

export function shortPercent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}

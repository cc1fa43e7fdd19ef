/**
 * The age of displayed values. `age(node, at, budgetS)`: the node shows its age, and turns grey when that exceeds its
 * budget; `at` is ISO text or milliseconds of the server's clock, null if unknown.
 */
import { duration } from "./format.js";

const told = new Map();
let now = () => Date.now();

/** The server's clock may differ from this machine's. */
export function useClock(clock) {
  now = clock;
}

export function age(node, at, budgetS) {
  const ms = typeof at === "string" ? Date.parse(at) : at;
  told.set(node, { ms: Number.isFinite(ms) ? ms : null, budgetS });
  draw(node);
  return node;
}

function draw(node) {
  const { ms, budgetS } = told.get(node);
  const ageS = ms === null ? null : Math.max(0, (now() - ms) / 1_000);
  const text = ageS === null ? "age not known" : `${coarse(ageS)} ago`;
  if (node.dataset.age !== text) node.dataset.age = text;
  node.classList.add("aged");
  node.classList.toggle("is-old", ageS === null || budgetS < ageS);
}

function coarse(seconds) {
  return seconds < 10 ? `${Math.floor(seconds)} s` : duration(seconds);
}

setInterval(() => {
  for (const node of told.keys()) {
    if (node.isConnected) draw(node);
    else told.delete(node);
  }
}, 1_000);

/**
 * The age of displayed values. `age(node, at, budgetS)`: the node shows its age, and turns grey when that exceeds its
 * budget; `at` is ISO text or milliseconds of the server's clock, null if unknown.
 */
import { duration } from "./format.js";

/** Most that two clocks may differ. */
const AHEAD_S = 5;
const announced = new Map();
let now = () => Date.now();

/** The server's clock may differ from this machine's. */
export function useClock(clock) {
  now = clock;
}

export function age(node, at, budgetS) {
  const ms = typeof at === "string" ? Date.parse(at) : at;
  announced.set(node, { ms: Number.isFinite(ms) ? ms : null, budgetS });
  // Two nodes with the same text but different times differ by this attribute.
  node.dataset.at = String(ms);
  draw(node);
  return node;
}

function draw(node) {
  const { ms, budgetS } = announced.get(node);
  const ageS = ms === null ? null : (now() - ms) / 1_000;
  const isAhead = ageS !== null && ageS < -AHEAD_S;
  const isOver = budgetS < ageS;
  // Who does not see that it is grey is told.
  const text = `${ageText(ageS, isAhead)}${isOver ? ", old" : ""}`;
  if (node.dataset.age !== text) node.dataset.age = text;
  node.classList.add("aged");
  node.classList.toggle("is-old", ageS === null || isAhead || isOver);
}

/** A value from a clock that is ahead may have any age. */
function ageText(ageS, isAhead) {
  if (ageS === null) return "age not known";
  return isAhead ? `${coarse(-ageS)} ahead of the clock` : `${coarse(Math.max(0, ageS))} ago`;
}

function coarse(seconds) {
  return seconds < 10 ? `${Math.floor(seconds)} s` : duration(seconds);
}

setInterval(() => {
  for (const node of announced.keys()) {
    if (node.isConnected) draw(node);
    else announced.delete(node);
  }
}, 1_000);

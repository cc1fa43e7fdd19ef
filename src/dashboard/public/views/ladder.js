/** Order books: the features of each asset, and the levels of one as a ladder, as they were published. */
import { age } from "../age.js";
import { element, panel, table } from "../dom.js";
import { figure, notice, picker } from "./figures.js";
import { foldable } from "./fold.js";

const BOOK_EVERY_MS = 1_000;
const BOOK_BUDGET_S = 10;
const LEVELS_SHOWN = 10;
const UNKNOWN = "Hazelcast does not answer: no book is known now.";
const NO_BOOK =
  "No order book is pushed: the order-book streamer does that, once 'order_book' is configured.";
const FEATURES = [
  ["Spread, bps", "spread_bps"],
  ["Microprice", "microprice"],
  ["Imbalance 1", "imbalance_1"],
  ["Imbalance 5", "imbalance_5"],
  ["Imbalance 20", "imbalance_20"],
  ["Pressure", "pressure"],
];

export function ladderPanel(live) {
  const said = notice();
  const features = foldable(
    table(["Asset", ...FEATURES.map(([label]) => label), "Age"], "Order books by asset"),
    { cellsOf: ([asset, one]) => featureRow(asset, one) },
  );
  const ladder = element("div", { class: "ladder", role: "img", "aria-label": "Order book" });
  const draw = (answer) => {
    const book = answer?.book ?? null;
    said.say(bookText(answer, picked.value()));
    age(node.head, book?.asOfMs ?? null, BOOK_BUDGET_S);
    const { bids = [], asks = [] } = book ?? {};
    ladder.setAttribute("aria-label", spokenBook(picked.value(), bids[0], asks[0]));
    ladder.replaceChildren(...rungs(bids.slice(0, LEVELS_SHOWN), asks.slice(0, LEVELS_SHOWN)));
  };
  const picked = picker(live, {
    label: "Asset",
    path: (asset) => `/api/inputs/book?asset=${asset}`,
    everyMs: BOOK_EVERY_MS,
    draw,
    fail: (error) => said.say(`Not read: ${error.message}`),
  });
  const row = element("p", { class: "row" }, picked.node);
  const node = panel("Order books", {}, row, said.node, ladder, features.node);
  said.say(NO_BOOK);
  /** Null: not known. */
  const offer = (books) => {
    if (picked.value() === "") said.say(books === null ? UNKNOWN : NO_BOOK);
    const known = Object.entries(books ?? {}).filter(
      ([, one]) => typeof one === "object" && one !== null,
    );
    features.show(known, books === null ? "not known now" : "no asset has a book now");
    picked.offer(known.map(([asset]) => asset));
  };
  return { node, offer };
}

function spokenBook(asset, bid, ask) {
  if (bid === undefined && ask === undefined) return "Order book: not known now";
  return `Order book of ${asset}: best bid ${spokenLevel(bid)}, best ask ${spokenLevel(ask)}`;
}

function spokenLevel(best) {
  return best === undefined ? "none" : `${figure(best[1])} at ${figure(best[0])}`;
}

function bookText(answer, asset) {
  if (answer === null) return UNKNOWN;
  if (answer.book === null) return `There is no book of ${asset} now.`;
  const isSimulated = answer.book.source.startsWith("simulated");
  return isSimulated ? "A simulated book, not a venue's." : null;
}

function featureRow(asset, one) {
  const old = element("span", {}, "");
  return [
    asset,
    ...FEATURES.map(([, name]) => figure(one[name])),
    age(old, one.as_of ?? null, BOOK_BUDGET_S),
  ];
}

/** Asks from far to near, then bids from near to far: descending prices. */
function rungs(bids, asks) {
  const greatest = Math.max(1e-12, ...[...bids, ...asks].map(([, size]) => size));
  const rung = ([price, size], isBid) => {
    const bar = element("i");
    bar.style.width = `${Math.min(100, (100 * size) / greatest)}%`;
    const own = element("span", { class: `size ${isBid ? "is-bid" : ""}` }, bar, figure(size));
    const middle = element("span", { class: "price" }, figure(price));
    const empty = element("span");
    return isBid ? [own, middle, empty] : [empty, middle, own];
  };
  return [
    ...asks.toReversed().flatMap((level) => rung(level, false)),
    ...bids.flatMap((level) => rung(level, true)),
  ];
}

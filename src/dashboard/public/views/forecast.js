/** The forewarner's forecast of BLUE: the fan of its paths, what reaches a loss limit, and what that asks of the posture. */
import { age } from "../age.js";
import { element, facts, panel } from "../dom.js";
import { count, time } from "../format.js";
import { scheduleLink } from "../links.js";
import { command, notice, percent } from "./figures.js";

/** As in the style sheet. */
const PHONE = "(max-width: 46rem)";
const DAY_MS = 86_400_000;

export function forecastPanel(live) {
  const said = notice();
  const narrow = element("source", { media: PHONE });
  const image = element("img", { class: "fan" });
  const picture = element("picture", {}, narrow, image);
  const key = element("p", { class: "dim" });
  const figure = element("div", { hidden: true }, picture, key);
  const figures = element("div");
  const body = element("div", { class: "pair" }, figure, figures);
  const node = panel("Forecast of BLUE", {}, said.node, body);
  let shown = null;
  const draw = (told) => {
    const { absent, trouble } = told;
    said.say([absent, trouble].filter(Boolean).map(sentence).join(" ") || null);
    body.hidden = absent !== undefined;
    if (body.hidden) return void age(node.head, null, 0);
    age(node.head, told.asOfMs, told.budgetS);
    figure.hidden = told.ends === null;
    if (!figure.hidden && shown !== told.asOfMs) {
      shown = told.asOfMs;
      const path = `/api/trading/forecast.svg?of=${told.asOfMs}&form=`;
      narrow.srcset = `${path}narrow`;
      image.src = `${path}wide`;
    }
    if (!figure.hidden) {
      image.alt = `Simulated equity of BLUE after each trade to come. At the end: ${endText(told)}.`;
      key.textContent = keyText(told);
    }
    figures.replaceChildren(facts(rows(told, live)));
  };
  const fail = (error) => said.say(`Not read: ${error.message}`);
  return { node, draw, fail };
}

function rows(told, live) {
  const { breach, verdict, reason, calibration, posture, trades } = told;
  return [
    ["verdict", element("span", {}, element("strong", {}, verdict), `: ${reason}`)],
    ["reaches a loss limit", breach === null ? null : `${percent(breach.either, 1)} of the paths`],
    ["at the end", told.ends === null ? null : endText(told)],
    ["posture", posture],
    ["earlier forecasts", earlierText(calibration)],
    ["made from", `${count(trades)} trades`],
    ["covers", element("span", {}, time(told.asOfMs), " to ", time(told.untilMs))],
    [
      "next",
      element(
        "span",
        {},
        told.nextAt === null ? "not known" : time(told.nextAt),
        " (schedule ",
        scheduleLink(live, "mc-forewarner"),
        "); at once by ",
        command("dolphin forewarn run"),
      ),
    ],
  ];
}

function endText({ ends }) {
  const { low, middle, high } = ends;
  return `half of the paths above ${signed(middle)}, 90 % from ${signed(low)} to ${signed(high)}`;
}

function keyText({ limit, asOfMs, untilMs }) {
  const days = Math.round((untilMs - asOfMs) / DAY_MS);
  const span = days === 1 ? "one day" : `${days} days`;
  const fan = `Equity over ${span}, relative to that at the forecast: the median of the paths, with the central 50 % and 90 %.`;
  if (limit === null) return fan;
  const far = `The drawdown limit is at ${signed(-limit.fall)}`;
  return limit.isShown
    ? `${fan} ${far}: the dashed line.`
    : `${fan} ${far}, far below the picture.`;
}

function earlierText({ outcomes, said, came, evidence }) {
  if (said === null || came === null) return "none has ended yet";
  const shares = `${percent(came, 1)} left their envelope, ${percent(said, 1)} were expected to`;
  return `${count(outcomes)} have ended: ${shares}; evidence against them ${evidence.toFixed(1)} of 20`;
}

function signed(share) {
  const text = percent(share).replace(/^-(?=0\.00 )/, "");
  return `${text.startsWith("-") ? "" : "+"}${text}`;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** The frame of all pages: navigation, the state of the connection, the header. */
import { keepSession } from "./commands.js";
import { element, setText } from "./dom.js";
import { timeText, toneOf } from "./format.js";
import { openLive, scopeOf } from "./live.js";
import { keepSettings } from "./frame/settings.js";

/** `pages/NAME.js` exports `{title, mount(root, live), unmount()}`; the first is shown where none is named. */
const PAGES = [
  ["overview", "Overview"],
  ["scans", "Scans"],
  ["trading", "Trading"],
  ["health", "Health"],
  ["inputs", "Inputs"],
  ["research", "Research"],
  ["system", "System"],
];

const byId = (id) => document.getElementById(id);
const live = openLive(document.querySelector('meta[name="version"]').content);
let shown = null;

/** `#/trading/BLUE` shows the page trading; what follows its name is the page's own. */
function nameInAddress() {
  const [, name = ""] = /^#\/([a-z]+)/.exec(location.hash) ?? [];
  return PAGES.some(([known]) => known === name) ? name : PAGES[0][0];
}

async function show() {
  const name = nameInAddress();
  if (shown?.name === name) return;
  shown?.leave();
  const scope = scopeOf(live);
  const mine = { name, page: null, leave: () => leave(mine, scope) };
  shown = mine;
  markNav(name);
  nameTab();
  const root = byId("page");
  const label = labelOf(name);
  root.setAttribute("aria-label", label);
  root.replaceChildren(element("p", { class: "dim" }, "loading"));
  try {
    const page = await import(`./pages/${name}.js`);
    if (shown !== mine) return;
    mine.page = page;
    root.replaceChildren();
    page.mount(root, scope);
  } catch (error) {
    if (shown !== mine) return;
    root.replaceChildren(
      element(
        "p",
        { class: "problem", role: "alert" },
        `${label} cannot be shown: ${error.message}`,
      ),
    );
  }
}

function labelOf(name) {
  return PAGES.find(([known]) => known === name)?.[1] ?? "";
}

/** Announced by screen readers, and shown in the title of a tab in the background. */
function nameTab() {
  const status = live.last("status")?.status ?? null;
  document.title = [status, labelOf(shown?.name), "DOLPHIN"].filter(Boolean).join(" - ");
}

function leave(mine, scope) {
  scope.end();
  mine.page?.unmount?.();
}

function markNav(name) {
  for (const link of byId("nav").querySelectorAll("a")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

byId("nav").append(
  ...PAGES.map(([name, label]) => element("a", { href: `#/${name}`, data: { page: name } }, label)),
);
addEventListener("hashchange", () => void show());
// The text after the # names the page that is shown.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("page").focus();
});
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = PAGES[Number(event.key) - 1];
  if (page !== undefined) location.hash = `#/${page[0]}`;
  if (event.key === "u") byId("zone").click();
  if (event.key === "t") byId("theme").click();
});
keepSettings(byId("zone"), byId("theme"));
keepSession(byId("session"));

live.on("status", (status) => {
  const overall = byId("overall");
  // Screen readers announce only new content.
  setText(overall, status.status);
  overall.className = `badge ${toneOf(status.status)}`;
  nameTab();
  const link = byId("temporal-ui");
  link.hidden = status.temporal_ui === null;
  // Only http addresses become links.
  if (/^https?:\/\//.test(status.temporal_ui ?? "")) link.href = status.temporal_ui;
});
live.onConnection((lost) => {
  const banner = byId("lost");
  banner.hidden = lost === null;
  banner.textContent = lost ?? "";
  document.body.classList.toggle("is-lost", lost !== null);
});
// A server of another version may tell what this page does not know.
live.on("outdated", (isOutdated) => {
  byId("outdated").hidden = !isOutdated;
});
byId("anew").addEventListener("click", () => location.reload());
setInterval(() => {
  byId("clock").textContent = timeText(live.now(), "time");
}, 1_000);
void show();

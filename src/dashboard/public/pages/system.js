/** System: configuration with origins, schedules, disk, versions, logs. */
import { age } from "../age.js";
import { element, panel, table } from "../dom.js";
import { badge, bytes, count, duration, time } from "../format.js";
import { scheduleLink } from "../links.js";
import { logsPart } from "./system-logs.js";

export const title = "System";

const SCHEDULE_BUDGET_S = 30;
const DISK_EVERY_MS = 30_000;
const READ_BUDGET_S = 120;

export function mount(root, live) {
  const schedules = schedulesPart(live);
  const disk = diskPart();
  const versions = versionsPart(live);
  const config = configPart(live);
  const logs = logsPart(live);
  root.append(schedules.node, disk.node, logs.node, config.node, versions.node);
  live.on("status", (status) => schedules.draw(status));
  live.poll({
    path: "/api/disk",
    everyMs: DISK_EVERY_MS,
    draw: (use) => disk.draw(use),
    fail: (error) => disk.fail(error),
  });
  live.poll({ path: "/api/config", everyMs: DISK_EVERY_MS, draw: (found) => config.draw(found) });
  live.poll({
    path: "/api/versions",
    everyMs: DISK_EVERY_MS,
    draw: (found) => versions.draw(found),
  });
}

export function unmount() {
  // Everything is cleaned up by the frame.
}

function schedulesPart(live) {
  const node = panel("Schedules");
  const rows = table(
    ["Schedule", "Next run", "Last due", "Late by", "Skipped", "State"],
    "Schedules",
  );
  node.append(rows.node);
  return {
    node,
    draw({ schedules, checked_at: checkedAt }) {
      age(node.head, checkedAt, SCHEDULE_BUDGET_S);
      rows.show(
        (schedules ?? []).map((one) => [
          scheduleLink(live, one.schedule),
          time(one.next_at),
          time(one.last_due_at),
          duration(one.last_late_s),
          `${count(one.schedule_skipped)} too old, ${count(one.overlap_skipped)} overlapping`,
          one.paused === null ? badge("runs", "good") : badge(`paused: ${one.paused}`, "warn"),
        ]),
        schedules === null
          ? "not known: Temporal does not answer"
          : "none exists yet: dolphin create",
      );
    },
  };
}

function diskPart() {
  const node = panel("Disk");
  const sum = element("p");
  const folders = table(["Folder", "Size", "Files"], "Folders of the data directory");
  const days = table(["Archive day", "Size", "Files"], "Days of the archive");
  node.append(sum, element("div", { class: "tiles" }, folders.node, days.node));
  return {
    node,
    draw(use) {
      age(node.head, use.checked_at, READ_BUDGET_S);
      sum.textContent = sentenceOf(use);
      folders.show(use.folders.map((one) => [one.name, bytes(one.bytes), count(one.files)]));
      days.show(
        use.archive.days
          .toReversed()
          .map((one) => [one.day, `about ${bytes(one.bytes)}`, count(one.files)]),
        `nothing in ${use.archive.path} yet`,
      );
    },
    fail(error) {
      sum.textContent = `cannot be read: ${error.message}`;
    },
  };
}

function sentenceOf({ free_bytes: free, total_bytes: total, samples }) {
  const first = samples[0];
  const last = samples.at(-1);
  const room = `${bytes(free)} of ${bytes(total)} are free`;
  // There is no figure in the first minutes.
  const hours = first === undefined ? 0 : (Date.parse(last.at) - Date.parse(first.at)) / 3_600_000;
  if (hours < 0.05) return `${room}; its growth is known after some minutes.`;
  const perHour = (last.bytes - first.bytes) / hours;
  if (perHour <= 0) return `${room}; it does not grow.`;
  const left = free / perHour;
  const full = left < 24 * 365 ? `: full in about ${duration(left * 3_600)}` : "";
  return `${room}; it grows by ${bytes(perHour)} an hour${full}.`;
}

function versionsPart(live) {
  const node = panel("Versions");
  const rows = table(["What", "Version"], "Versions");
  node.append(rows.node);
  return {
    node,
    draw({ dolphin, node: runtime, temporal, packages }) {
      age(node.head, live.now(), READ_BUDGET_S);
      rows.show([
        ["dolphin", dolphin],
        ["Node", runtime],
        ["Temporal server", temporal],
        ...Object.entries(packages),
      ]);
    },
  };
}

function configPart(live) {
  const node = panel("Configuration");
  const filter = element("input", {
    type: "search",
    placeholder: "key or value",
    "aria-label": "Find a key",
  });
  const changed = element("input", { type: "checkbox", id: "only-changed", checked: true });
  const rows = table(["Key", "Value", "From"], "Configuration");
  const file = element("span", { class: "dim" });
  let settings = [];
  const draw = () => {
    const text = filter.value.toLowerCase();
    const shown = settings.filter(
      ({ key, value, origin }) =>
        (!changed.checked || origin !== "default") &&
        `${key} ${JSON.stringify(value)} ${origin}`.toLowerCase().includes(text),
    );
    rows.show(
      shown.map(({ key, value, origin, variable }) => [
        element("span", { title: variable }, key),
        typeof value === "string" ? value : JSON.stringify(value),
        origin,
      ]),
      "no such key",
    );
  };
  filter.addEventListener("input", draw);
  changed.addEventListener("change", draw);
  const label = element("label", { for: "only-changed" }, "only what differs from the defaults");
  node.append(
    element("div", { class: "row" }, filter, element("span", {}, changed, " ", label), file),
    rows.node,
  );
  return {
    node,
    draw(config) {
      age(node.head, live.now(), READ_BUDGET_S);
      // Unchanged content is not redrawn, because a reader may have selected it.
      if (JSON.stringify(config.settings) === JSON.stringify(settings)) return;
      ({ settings } = config);
      file.textContent = config.file === null ? "no file: defaults, variables, flags" : config.file;
      draw();
    },
  };
}

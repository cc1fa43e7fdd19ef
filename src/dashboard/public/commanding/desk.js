/** All commands in one place: a dialog over any page. */
import { element } from "../dom.js";
import { modal } from "./dialogs.js";
import { give } from "./give.js";

const MINUTE_S = 60;
let count = 0;

/** `session` has the values that a command accepts. */
export function openDesk({ books, services }) {
  const close = element("button", { type: "button", on: { click: () => dialog.close() } }, "Close");
  const dialog = modal(
    "Commands",
    bookCommands(books),
    entry(books),
    serviceCommands(services),
    run(),
    mute(),
    element("p", { class: "row" }, close),
  );
  dialog.classList.add("desk");
  dialog.showModal();
}

function bookCommands(names) {
  const book = choice("Book", names);
  const button = (label, name) => act(label, () => give(name, { book: book.value() }));
  return section(
    "Book",
    book.node,
    button("Halt", "halt"),
    button("Resume", "resume"),
    button("Flatten", "flatten"),
  );
}

function entry(names) {
  const [book, direction] = [choice("Book", names), choice("Direction", ["long", "short"])];
  const asset = field("Asset", { placeholder: "BTCUSDT", required: true });
  const share = field("Share of the cash", { placeholder: "0.2", inputmode: "decimal" });
  const submit = () =>
    give("enter", {
      book: book.value(),
      asset: asset.value(),
      direction: direction.value(),
      ...(share.value() === "" ? {} : { share: Number(share.value()) }),
    });
  return form("Enter", [book, asset, direction, share], { submit });
}

function serviceCommands(names) {
  const service = choice("Service", names);
  const button = (label, name) => act(label, () => give(name, { service: service.value() }));
  return section(
    "Service",
    service.node,
    button("Start", "start"),
    button("Stop", "stop"),
    button("Restart", "restart"),
  );
}

function run() {
  const [name, from, to] = [
    field("Name", { placeholder: "named after its settings" }),
    field("From", { type: "date" }),
    field("To", { type: "date" }),
  ];
  const said = () =>
    Object.fromEntries(
      Object.entries({ name: name.value(), from: from.value(), to: to.value() }).filter(
        ([, value]) => value !== "",
      ),
    );
  const cancel = act("Cancel the run of this name", () => give("cancel", { name: name.value() }));
  const submit = () => give("backtest", said());
  return form("Run a backtest", [name, from, to], { submit, more: [cancel] });
}

function mute() {
  const rule = field("Rule", { required: true });
  const minutes = field("Minutes", { value: "30", inputmode: "numeric", required: true });
  const reason = field("Reason", { required: true });
  const submit = () =>
    give("mute", {
      rule: rule.value(),
      for_s: Number(minutes.value()) * MINUTE_S,
      reason: reason.value(),
    });
  return form("Mute", [rule, minutes, reason], { submit });
}

function section(heading, ...children) {
  return element(
    "section",
    { "aria-label": heading },
    element("h3", {}, heading),
    element("div", { class: "row" }, ...children),
  );
}

function form(heading, fields, { submit, more = [] }) {
  const button = element("button", { type: "submit" }, heading);
  const row = element(
    "form",
    { class: "row", "aria-label": heading },
    ...fields.map(({ node }) => node),
    button,
    ...more,
  );
  row.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  return element("section", { "aria-label": heading }, element("h3", {}, heading), row);
}

function act(label, click) {
  return element("button", { type: "button", on: { click: () => void click() } }, label);
}

function field(label, attributes) {
  const input = element("input", { id: `desk-${(count += 1)}`, type: "text", ...attributes });
  return {
    node: element("label", { for: input.id }, `${label} `, input),
    value: () => input.value.trim(),
  };
}

function choice(label, values) {
  const select = element(
    "select",
    { id: `desk-${(count += 1)}` },
    ...values.map((value) => element("option", { value }, value)),
  );
  return {
    node: element("label", { for: select.id }, `${label} `, select),
    value: () => select.value,
  };
}

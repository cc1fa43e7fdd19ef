/** The commands on pages. They are hidden until somebody is signed in; the server checks each one again. */
import { openDesk } from "./commanding/desk.js";
import { tell } from "./commanding/dialogs.js";
import { give } from "./commanding/give.js";
import { onSession, openSession, signOut } from "./commanding/session.js";
import { element } from "./dom.js";
import { timeText } from "./format.js";

const HOW =
  "Read-only. To give commands, open the link that 'dolphin up' or 'dolphin dashboard link' prints.";
/** A page that redraws itself keeps the button and its focus. */
const buttons = new Map();
const BUTTONS_MAX = 500;

/** Adds to the page's header whether commands are enabled, and access to them. */
export function keepSession(node) {
  let signedIn = null;
  const word = element("span", { class: "dim", title: HOW, tabindex: "0" }, "read-only");
  const desk = button("Commands", () => openDesk(signedIn), "Key: c");
  const out = button("Sign out", () => void signOut().then(tell));
  node.append(word, desk, out);
  onSession((session) => {
    const isIn = session !== null;
    signedIn = session;
    document.body.classList.toggle("is-signed-in", isIn);
    desk.hidden = !isIn;
    out.hidden = !isIn;
    const until = isIn ? timeText(session.ends_at_ms, "time") : "";
    word.textContent = isIn ? `session ${session.session}` : "read-only";
    word.title = isIn ? `Signed in; without a command it ends at ${until}.` : HOW;
    word.setAttribute("aria-label", word.title);
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, dialog");
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "c" && isPlain && !isTyping && signedIn !== null) openDesk(signedIn);
  });
  void openSession(tell);
}

/** Beside an open incident; hidden until somebody is signed in. */
export function acknowledge({ id, summary = id }) {
  const made = commandButton("Acknowledge", "acknowledge", { incident: id });
  made.setAttribute("aria-label", `Acknowledge ${summary}`);
  return made;
}

/** Beside a book. */
export function bookCommands(book) {
  return element(
    "div",
    { class: "row needs-session" },
    commandButton("Halt", "halt", { book }),
    commandButton("Resume", "resume", { book }),
    commandButton("Flatten", "flatten", { book }),
  );
}

/**
 * A button that asks, sends and shows the result: `name` and `input` as in `POST /command/NAME`. Returns the same
 * button for the same command.
 */
export function commandButton(label, name, input) {
  const key = JSON.stringify([label, name, input]);
  const known = buttons.get(key);
  if (known !== undefined) {
    // A redraw removes and re-inserts it, which loses the focus.
    if (document.activeElement === known) queueMicrotask(() => known.focus());
    return known;
  }
  const [oldest] = buttons.keys();
  if (BUTTONS_MAX <= buttons.size) buttons.delete(oldest);
  let isAtWork = false;
  const made = button(label, async () => {
    if (isAtWork) return;
    isAtWork = true;
    await give(name, input);
    isAtWork = false;
  });
  made.classList.add("needs-session");
  buttons.set(key, made);
  return made;
}

function button(label, click, title = null) {
  return element("button", { type: "button", title, on: { click } }, label);
}

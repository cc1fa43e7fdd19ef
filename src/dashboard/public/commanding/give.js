/** Gives a command: asks first, then shows the result. */
import { ask, tell } from "./dialogs.js";
import { send } from "./session.js";

/** The questions; a command without one is harmless. */
const QUESTIONS = {
  halt: ({ book }) => ({
    heading: `Halt ${book}?`,
    says: "No more entries into it, pending ones included; open positions keep their exits.",
    yes: `Halt ${book}`,
  }),
  resume: ({ book }) => ({
    heading: `Resume ${book}?`,
    says: "Ends its halt and releases every latched limit; limits are measured from now on.",
    yes: `Resume ${book}`,
    isGrave: true,
  }),
  enter: ({ book, asset, direction, share }) => ({
    heading: `Enter ${direction} ${asset}?`,
    says: `Into ${book} at the next fresh scan, with ${share ?? "the usual share"} of its cash; every gate and limit applies.`,
    yes: `Enter ${direction} ${asset}`,
    isGrave: true,
  }),
  start: ({ service }) => ({ heading: `Start ${service}?`, yes: `Start ${service}` }),
  stop: ({ service }) => ({
    heading: `Stop ${service}?`,
    says: "It stays stopped until it is started.",
    yes: `Stop ${service}`,
    isGrave: true,
  }),
  restart: ({ service }) => ({
    heading: `Restart ${service}?`,
    says: "Ends the running process and starts another.",
    yes: `Restart ${service}`,
    isGrave: true,
  }),
  cancel: ({ name }) => ({
    heading: `Cancel the run ${name}?`,
    yes: "Cancel the run",
    isGrave: true,
  }),
};

export async function give(name, input) {
  if (name === "flatten") return flatten(input);
  const question = QUESTIONS[name]?.(input);
  if (question !== undefined && !(await ask(question))) return null;
  return announced(send(name, input));
}

/** The first answer lists what would be closed; the second request carries out exactly that. */
async function flatten({ book }) {
  for (let answer = await send("flatten", { book }); ;) {
    if (answer.confirm === undefined) return announced(answer);
    const { says, would, confirm } = answer;
    const heading = `Flatten ${book}?`;
    if (!(await ask({ heading, says, would, yes: `Flatten ${book}`, isGrave: true }))) return null;
    answer = await send("flatten", { book, confirm });
  }
}

async function announced(answer) {
  const outcome = await answer;
  tell(outcome);
  return outcome;
}

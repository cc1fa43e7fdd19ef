/** What the command line prints with: colours where a terminal wants them, tables, and text that cannot command it. */

export type Colour = "plain" | "dim" | "bold" | "green" | "yellow" | "red";

const CODES: Readonly<Record<Colour, string>> = {
  plain: "",
  dim: "2",
  bold: "1",
  green: "32",
  yellow: "33",
  red: "31",
};

export function paint(colour: Colour, text: string): string {
  const code = CODES[colour];
  return code === "" || text === "" || !wantsColour() ? text : `\u001b[${code}m${text}\u001b[0m`;
}

function wantsColour(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"];
}

/** The text without control characters: what comes from a file must not command the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    character === "\t" ? "  " : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

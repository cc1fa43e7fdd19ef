/**
 * The command line's output: colours where the terminal supports them, tables, and text that cannot control the
 * terminal.
 */

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

/**
 * Removes control characters, and those that change the reading direction or are invisible: text from a file must not
 * control the terminal, nor disguise itself.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === "\t"
      ? "  "
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

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

/**
 * The text without control characters, nor such as turn the direction of reading or are not seen: what comes from a
 * file must not command the terminal, nor look like something else.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === "\t"
      ? "  "
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

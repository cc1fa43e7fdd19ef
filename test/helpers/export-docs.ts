/** The expected docs/export.md: the columns as declared in the program. */
import { EXPORTS } from "../../src/wire/export/columns.ts";

const HEAD = `# The columns of \`dolphin export\`

\`dolphin export trades|events|scans|equity --format csv|arrow\`. Times are in UTC: ISO 8601 with six decimals in CSV,
timestamps of microseconds in Arrow, where each field's metadata has its unit and comment, too. Null is an empty field in CSV.
In pandas: \`pandas.read_csv(FILE, parse_dates=["at"])\` or \`pandas.read_feather(FILE)\`. \`examples/notebook\` reads one
beside a compacted day, which has the prices of each scan.

The equity between two fills follows the marks and is not recorded: it is the cash plus the open positions at the prices
of the compacted day.
`;

export function exportDocs(): string {
  const sections = Object.entries(EXPORTS).map(([name, columns]) => {
    const rows = columns.map(
      (column) => `| ${column.name} | ${column.kind} | ${column.unit} | ${column.says} |`,
    );
    return `\n## ${name}\n\n| column | kind | unit | what it is |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return HEAD + sections.join("");
}

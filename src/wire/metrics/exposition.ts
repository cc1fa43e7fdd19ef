/** Metrics in Prometheus' text format, version 0.0.4. */
export type MetricType = "gauge" | "counter" | "summary";

export type Sample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Metric = {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
};

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A family without samples is left out, so that an alert with absent() notices. */
export function expositionText(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => 0 < samples.length)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
      return [`# HELP ${name} ${helpText(help)}`, `# TYPE ${name} ${type}`, ...lines].join("\n");
    })
    .map((family) => `${family}\n`)
    .join("");
}

function labelText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function helpText(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** As much of another program's text as fits, in whole families, and whether that was all. */
export function fittingText(text: string, charsMax: number): { text: string; isWhole: boolean } {
  const lines = text.split("\n").filter((line) => line !== "" && line !== "# EOF");
  const whole = lines.map((line) => `${line}\n`).join("");
  if (whole.length <= charsMax) return { text: whole, isWhole: true };
  let fitting = "";
  let family = "";
  for (const line of lines) {
    if (line.startsWith("# HELP ") && family !== "") {
      if (charsMax < fitting.length + family.length) break;
      fitting += family;
      family = "";
    }
    family += `${line}\n`;
  }
  return { text: fitting, isWhole: false };
}

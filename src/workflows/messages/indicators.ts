/** Input and result of the workflow that reads an indicator. */

export type RefreshIndicatorInput = {
  /** Default: from the workflow id `indicator-<name>`. */
  readonly name?: string;
};

export type IndicatorResult = {
  readonly name: string;
  readonly values: readonly {
    readonly label: string;
    readonly value: number;
    readonly unit: string;
    readonly as_of: string;
    /** `repeated`: the source reported the same again; `older`: a newer one exists, so this was only stored. */
    readonly outcome: "fresh" | "revised" | "repeated" | "older";
  }[];
  /** Symbols that could not be read, while others were. */
  readonly problems: readonly {
    readonly symbol: string;
    readonly why: string;
    readonly detail: string;
  }[];
};

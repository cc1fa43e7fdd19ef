/** Input and result of the workflow that reads an indicator. */

export type RefreshIndicatorInput = {
  /** Default: as the workflow id says, `indicator-<name>`. */
  readonly name?: string;
};

export type IndicatorResult = {
  readonly name: string;
  readonly values: readonly {
    readonly label: string;
    readonly value: number;
    readonly unit: string;
    readonly as_of: string;
    /** `repeated`: the source said the same again; `older`: a newer one stands, and this was kept only. */
    readonly outcome: "fresh" | "revised" | "repeated" | "older";
  }[];
  /** Of the symbols that could not be read while others were. */
  readonly problems: readonly {
    readonly symbol: string;
    readonly why: string;
    readonly detail: string;
  }[];
};

/** The surroundings that a reading depends on. */
import type { Config, LoadedConfig } from "../../config.ts";
import type { StatusOptions } from "../../operations/status/open-status.ts";
import type { UpFile } from "../../wire/up-file.ts";

/** Where everything is at the moment: a restarted `up` may have other addresses. */
export type Surroundings = {
  readonly loaded: LoadedConfig;
  /** Effective: the addresses of a running `up` replace defaults. */
  readonly config: Config;
  readonly up: UpFile | null;
  readonly status: StatusOptions;
};

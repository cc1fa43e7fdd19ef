/** What of the outside a reading needs to know. */
import type { Config, LoadedConfig } from "../../config.ts";
import type { StatusOptions } from "../../operations/status/open-status.ts";
import type { UpFile } from "../../wire/up-file.ts";

/** Where everything is at this moment: an `up` that starts again may have other addresses. */
export type Surroundings = {
  readonly loaded: LoadedConfig;
  /** Effective: the addresses of a running `up` stand where only defaults did. */
  readonly config: Config;
  readonly up: UpFile | null;
  readonly status: StatusOptions;
};

/**
 * A verb that is called beside a running `up` knows its configuration: `up` may have been started in another directory,
 * with another file, or with the simulated venues of a demo. Invariant: what the caller configures is never replaced.
 */
import { isDeepStrictEqual } from "node:util";
import { readOriginsByUp } from "../../adapters/files/origins-by-up.ts";
import { type Config, leafKeys, loadConfig, type LoadedConfig, valueAt } from "../../config.ts";
import { effectiveConfigFile } from "../../embedded/state/up-state.ts";
import { CHOSEN_BY_UP } from "../../wire/declared/origins-file.ts";

/** Each verb listens by its own, and addresses are in up.json. */
const OF_ITS_OWN = ["ports.", "metrics.", "hazelcast."];

/**
 * Values that are default here, replaced by those of the running `up`: all of them where no file is configured here,
 * else those that `up` has chosen itself.
 */
export function withRunningConfiguration({ config, origins, file }: LoadedConfig): Config {
  const running = configurationOfUp(config.data_dir);
  if (running === null) return config;
  const chosen = readOriginsByUp(config.data_dir);
  return leafKeys()
    .filter((key) => origins.get(key) === "default" && !OF_ITS_OWN.some((of) => key.startsWith(of)))
    .filter((key) => file === null || chosen[key] === CHOSEN_BY_UP)
    .reduce((filled, key) => {
      const value = valueAt(running, key);
      const isSame = isDeepStrictEqual(value, valueAt(filled, key));
      // A secret is in no file.
      return isSame || value === null ? filled : withValue(filled, key, value);
    }, config);
}

/** Null where there is none, or one of another release. */
function configurationOfUp(dataDir: string): Config | null {
  try {
    return loadConfig({ env: {}, cwd: dataDir, file: effectiveConfigFile(dataDir) }).config;
  } catch {
    return null;
  }
}

function withValue<T extends object>(tree: T, key: string, value: unknown): T {
  const [name = "", ...rest] = key.split(".");
  if (rest.length === 0) return { ...tree, [name]: value };
  const child: unknown = Reflect.get(tree, name);
  const inner = typeof child === "object" && child !== null ? child : {};
  return { ...tree, [name]: withValue(inner, rest.join("."), value) };
}

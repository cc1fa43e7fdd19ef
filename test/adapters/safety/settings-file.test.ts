/** The watchdog gets its settings whether or not they can be written. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  handOverSettings,
  settingsText,
  SETTINGS_VARIABLE,
} from "../../../src/adapters/safety/settings-file.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

test("they are in the file, and with the environment while that cannot be written", () => {
  const dir = makeTemporaryDirectory("settings-file");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const file = join(dir, "settings.json");
  const first = handOverSettings(file, "one", { [SETTINGS_VARIABLE]: "of another", HOME: "/" });
  expect([settingsText(file, first), first["HOME"]]).toEqual(["one", "/"]);
  mkdirSync(`${file}.tmp`);
  const second = handOverSettings(file, "two", first);
  expect([settingsText(file, second), readFileSync(file, "utf8")]).toEqual(["two", "one"]);
});

/**
 * The mirror of an incident on a real server: what it shows, that it acknowledges, and that it ends and starts again.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  acknowledgeUpdate,
  type AlertView,
  alertQuery,
} from "../../src/workflows/messages/alerts.ts";
import { alertIdOf } from "../../src/workflows/names.ts";
import { standWatchdog } from "../helpers/incidents/standing-watchdog.ts";
import { openStage, type Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";

let stage: Stage;
let watchdog: Awaited<ReturnType<typeof standWatchdog>>;

beforeAll(async () => {
  stage = await openStage("alert-workflow");
  watchdog = await standWatchdog(stage.dir);
  stage.startWorker();
});
afterAll(async () => {
  watchdog.close();
  await stage.close();
});

function mirror() {
  return stage.temporal.client.workflow.getHandle(alertIdOf("probe", "x"));
}

/** By its memo, as the Web UI has it. */
function shownWhere(what: string, check: (view: AlertView, status: string) => boolean) {
  return until(what, async () => {
    const found = await mirror()
      .describe()
      .catch(() => null);
    if (found === null) return null;
    const { memo, status } = found;
    // oxlint-disable-next-line no-unsafe-type-assertion -- what the mirror puts there
    const view = memo?.["status"] as AlertView | undefined;
    return view !== undefined && check(view, status.name) ? view : null;
  });
}

test("an incident is shown, acknowledged by an update, resolved, and followed by another one", async () => {
  watchdog.poll({ "x.on": true });
  const [incident] = watchdog.incidents.open();
  const first = await shownWhere("it is shown", ({ state }) => state === "firing");
  expect(first).toMatchObject({
    incident: incident?.id,
    rule: "probe",
    subject: "x",
    told: ["hook"],
  });
  expect(await mirror().query(alertQuery)).toEqual(first);

  const update = (raw: unknown) => mirror().executeUpdate(acknowledgeUpdate, { args: [raw] });
  await expect(update({ nonsense: 1 })).rejects.toMatchObject({
    cause: { message: expect.stringContaining("unknown field 'nonsense'") },
  });
  await expect(update({})).rejects.toMatchObject({
    cause: { message: expect.stringContaining("'by' is missing") },
  });
  expect(await update({ by: "ana" })).toBe(`${incident?.id} acknowledged by ana`);
  expect(watchdog.incidents.open()[0]?.acknowledged).toMatchObject({ by: "ana", via: "temporal" });
  expect(await update("bob")).toMatch(/already acknowledged by ana at /);
  await shownWhere("it is acknowledged", ({ state }) => state === "acknowledged");

  watchdog.poll({ "x.on": false });
  watchdog.poll({ "x.on": false });
  await shownWhere(
    "it is over",
    ({ state }, status) => state === "resolved" && status === "COMPLETED",
  );

  watchdog.poll({ "x.on": true });
  const second = await shownWhere("the next is shown", ({ incident: id }) => id !== first.incident);
  expect(second.state).toBe("firing");
});

/** Opens the watchdog's duties beside the posture: incidents, their delivery, the outside heartbeat. */
import { incidentsFile } from "../../adapters/incident-store/incident-database.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { messageOf } from "../../domain/failure.ts";
import { segmentOf } from "../../domain/incidents/facts.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { createIncidentsDuty } from "../../operations/incidents/incidents-duty.ts";
import { createOutsideHeartbeat } from "../../operations/safety/outside-heartbeat.ts";
import type { WatchdogSettings } from "../../wire/safety/watchdog-settings.ts";
import type { DeliveryFigures } from "../../wire/safety/watchdog-figures.ts";
import type { SaySmall } from "../shell/small-service.ts";
import type { Duty } from "./duty.ts";
import type { PostureLoop } from "./posture-loop.ts";
import { type KeptDelivery, startDelivery } from "./start-delivery.ts";

export type DutiesOf = {
  readonly settings: WatchdogSettings;
  readonly loop: Pick<PostureLoop, "facts" | "ailment">;
  readonly say: SaySmall;
};

export type OpenedDuties = {
  readonly duties: readonly Duty[];
  /** Null: there is no channel. */
  readonly delivery: () => DeliveryFigures | null;
};

/** Without them the posture is still published. */
export function openDuties(of: DutiesOf): OpenedDuties {
  const { loop, say } = of;
  const { heartbeat } = of.settings;
  const { duties, delivery, trouble: undelivered } = openAlerts(of);
  if (heartbeat === null) return { duties, delivery };
  // Only the outside service can learn that nobody else is notified.
  const trouble = () => loop.ailment() ?? undelivered();
  return {
    duties: [createOutsideHeartbeat({ ...heartbeat, trouble, say }), ...duties],
    delivery,
  };
}

type Alerts = OpenedDuties & {
  /** Why nobody may be notified; null where all is well. */
  readonly trouble: () => string | null;
};

function openAlerts(of: DutiesOf): Alerts {
  try {
    return alertDuties(of);
  } catch (error) {
    const trouble = `no incidents are watched: ${messageOf(error)}`;
    of.say("error", trouble);
    return { duties: [], delivery: () => null, trouble: () => trouble };
  }
}

/** Incidents, and where there is a channel their delivery, in a thread that may hang or die. */
function alertDuties({ settings, loop, say }: DutiesOf): Alerts {
  const { data_dir: dataDir, alerts } = settings;
  const { reach, rules, channels, books } = alerts;
  const sayLast =
    (level: "info" | "warn" | "error") =>
    (...said: readonly unknown[]): void =>
      say(level, String(said.at(-1)));
  const log = { info: sayLast("info"), warn: sayLast("warn"), error: sayLast("error") };
  let delivery: KeptDelivery | null = null;
  const incidents = createIncidentsDuty({
    dataDir,
    rules,
    channels,
    books,
    own: () => ({ ...loop.facts(), ...channelFacts(delivery?.state().channels ?? {}) }),
    log,
    wake: () => delivery?.wake(),
  });
  const unwritten = (): string | null => {
    const why = incidents.incidents.unwritten();
    return why === null ? null : `incidents cannot be written: ${why}`;
  };
  if (channels.length === 0) {
    return { duties: [incidents], delivery: () => null, trouble: unwritten };
  }
  const file = incidentsFile(safetyFolder(dataDir));
  const kept = startDelivery({
    file,
    channels: reach,
    say,
    acknowledge: (order) => incidents.acknowledge(order).says,
  });
  delivery = kept;
  const standing = (): string => {
    const { runs, restarts, hanging } = kept.state();
    return `${runs ? "runs" : "is being started"}, ${restarts} restarts, ${hanging} hang`;
  };
  const poll = () => kept.poll();
  const stop = () => kept.stop();
  return {
    duties: [
      incidents,
      { name: "delivery", everyMs: MS_PER_SECOND, act: poll, standing, close: stop },
    ],
    delivery: () => kept.state(),
    trouble: () => unwritten() ?? (kept.state().runs ? null : "alerts are not delivered"),
  };
}

function channelFacts(channels: DeliveryFigures["channels"]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    Object.entries(channels).map(([name, { failing }]) => {
      return [`channel.${segmentOf(name)}.failing`, failing];
    }),
  );
}

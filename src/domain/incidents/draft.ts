/** A step in progress: the state that it builds, and the notifications that it has decided. */
import type { Facts } from "./facts.ts";
import {
  type EngineState,
  type Incident,
  type Mute,
  type Track,
  trackKey,
  withLine,
} from "./incident.ts";
import type { Notification, NotificationKind } from "./notification.ts";
import type { ChannelRoute, AlertRule } from "./rules/rule.ts";

/** The operator's settings. */
export type Setup = {
  readonly rules: readonly AlertRule[];
  readonly channels: readonly ChannelRoute[];
};

export type Stepped = {
  readonly state: EngineState;
  readonly notifications: readonly Notification[];
  /** Resolved in this step. */
  readonly closed: readonly Incident[];
};

const SUMMARY_CHARS_MAX = 1_500;

export class Draft {
  readonly setup: Setup;
  facts: Facts;
  readonly atMs: number;
  readonly clockMs: number;
  mutes: readonly Mute[];
  untracked = 0;
  readonly #before: EngineState;
  readonly #rules: ReadonlyMap<string, AlertRule>;
  #tracks: Record<string, Track>;
  #incidents: Record<string, Incident>;
  readonly #notifications: Notification[] = [];
  readonly #closed: Incident[] = [];
  /** Keys of tracks by rule; null: to be rebuilt. */
  #keys: Map<string, string[]> | null = null;

  constructor(
    before: EngineState,
    setup: Setup,
    at: { readonly facts: Facts; readonly atMs: number; readonly clockMs: number },
  ) {
    this.#before = before;
    this.setup = setup;
    this.facts = at.facts;
    this.atMs = at.atMs;
    this.clockMs = at.clockMs;
    this.mutes = before.mutes;
    this.untracked = before.untracked;
    this.#rules = new Map(setup.rules.map((rule) => [rule.name, rule]));
    this.#tracks = before.tracks;
    this.#incidents = before.incidents;
  }

  get startedMs(): number {
    return this.#before.startedMs;
  }

  rule(name: string): AlertRule | null {
    return this.#rules.get(name) ?? null;
  }

  track(rule: string, subject: string): Track | null {
    return this.#tracks[trackKey(rule, subject)] ?? null;
  }

  tracks(): readonly Track[] {
    return Object.values(this.#tracks);
  }

  setTrack(track: Track): void {
    const key = trackKey(track.rule, track.subject);
    if (this.#tracks[key] === track) return;
    if (!(key in this.#tracks)) this.#keys = null;
    if (this.#tracks === this.#before.tracks) this.#tracks = { ...this.#tracks };
    this.#tracks[key] = track;
  }

  dropTrack({ rule, subject }: Track): void {
    if (this.#tracks === this.#before.tracks) this.#tracks = { ...this.#tracks };
    delete this.#tracks[trackKey(rule, subject)];
    this.#keys = null;
  }

  tracksOf(rule: string): readonly Track[] {
    this.#keys ??= this.#keysByRule();
    return (this.#keys.get(rule) ?? []).flatMap((key) => this.#tracks[key] ?? []);
  }

  #keysByRule(): Map<string, string[]> {
    const keys = new Map<string, string[]>();
    for (const [key, { rule }] of Object.entries(this.#tracks)) {
      const known = keys.get(rule);
      if (known === undefined) keys.set(rule, [key]);
      else known.push(key);
    }
    return keys;
  }

  incidents(): readonly Incident[] {
    return Object.values(this.#incidents);
  }

  incident(id: string | null): Incident | null {
    return id === null ? null : (this.#incidents[id] ?? null);
  }

  setIncident(incident: Incident): void {
    if (this.#incidents[incident.id] === incident) return;
    if (this.#incidents === this.#before.incidents) this.#incidents = { ...this.#incidents };
    this.#incidents[incident.id] = incident;
  }

  close(incident: Incident): void {
    if (this.#incidents === this.#before.incidents) this.#incidents = { ...this.#incidents };
    delete this.#incidents[incident.id];
    this.#closed.push(incident);
  }

  /** One number for all channels; a notification is decided even where no channel takes it. */
  tell(incident: Incident, kind: NotificationKind, channels: readonly string[]): Incident {
    const number = incident.number + 1;
    for (const channel of channels) {
      this.#notifications.push({ ...messageOf(incident), number, channel, kind, atMs: this.atMs });
    }
    const track = this.track(incident.rule, incident.subject);
    if (track !== null && kind !== "acknowledge") this.setTrack({ ...track, toldMs: this.clockMs });
    const to =
      channels.length === 0 ? "no channel is configured for it" : `notified ${channels.join(", ")}`;
    const notified = [...new Set([...incident.told, ...channels])];
    return withLine(
      {
        ...incident,
        number,
        told: notified,
        firstToldMs: incident.firstToldMs ?? this.clockMs,
        lastToldMs: this.clockMs,
      },
      this.atMs,
      `${kind}: ${to}`,
    );
  }

  done(changes: Partial<EngineState> = {}): Stepped {
    const state: EngineState = {
      ...this.#before,
      clockMs: this.clockMs,
      lastAtMs: this.atMs,
      tracks: this.#tracks,
      incidents: this.#incidents,
      mutes: this.mutes,
      untracked: this.untracked,
      ...changes,
    };
    return { state, notifications: this.#notifications, closed: this.#closed };
  }
}

function messageOf(incident: Incident) {
  const { id, rule, subject, severity, state, summary, cause, startedAtMs, teams } = incident;
  return {
    incident: id,
    state,
    rule,
    subject,
    severity,
    summary: summary.slice(0, SUMMARY_CHARS_MAX),
    cause,
    startedAtMs,
    teams,
    labels: incident.isFlapping ? { flapping: "true" } : {},
  };
}

/**
 * Grace period after the watchdog's start: it is among the first processes to start. A process that has not answered
 * since gets time to come up, and counts as unknown until then.
 */

export type OwnFacts = Readonly<Record<string, number | string | boolean | null>>;

const SETTLING_S = 45;
/** As long as the time since the start is all that has been observed. */
const SPOKEN_S = 10;

/**
 * `sinceS`: since this process began. A null fact is unknown; a fact that is left out may come from another source.
 */
export function settling(): (own: OwnFacts, sinceS: number) => OwnFacts {
  let hasAnswered = false;
  let hasSpoken = false;
  return (own, sinceS) => {
    const { "hazelcast.up": up, "health.silent_s": silentS, ...rest } = own;
    const isSettled = SETTLING_S < sinceS;
    hasAnswered ||= isSettled || up === true;
    hasSpoken ||=
      isSettled || (typeof silentS === "number" && SPOKEN_S < sinceS && silentS < SPOKEN_S);
    return {
      ...rest,
      ...(hasAnswered && up !== undefined ? { "hazelcast.up": up } : {}),
      ...(silentS === undefined ? {} : { "health.silent_s": hasSpoken ? silentS : null }),
    };
  };
}

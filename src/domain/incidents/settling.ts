/**
 * What a watchdog that has just begun finds of others: whoever starts all of the system starts it among the first.
 * What has not answered or spoken since is given time to come up, and unknown until then.
 */

export type OwnFacts = Readonly<Record<string, number | string | boolean | null>>;

const SETTLING_S = 45;
/** As long as that the time since the beginning is all that is counted. */
const SPOKEN_S = 10;

/** `sinceS`: since this process began. Null: it is not known; what is left out others may know. */
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

/** A wait that can be interrupted; an interruption while nobody waits ends the next wait at once. */
export type Alarm = { wait(ms: number): Promise<void>; ring(): void };

export function openAlarm(): Alarm {
  let isRung = false;
  let wake: (() => void) | null = null;
  return {
    async wait(ms) {
      if (!isRung && 0 < ms) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = null;
      isRung = false;
    },
    ring() {
      isRung = true;
      wake?.();
    },
  };
}

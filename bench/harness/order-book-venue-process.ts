/** The simulated venue of bench:order-book: its times are microseconds of the monotonic clock, which all processes share. */
import { startSimulatedVenues } from "../../src/embedded/simulated-venues/simulated-venues.ts";

const symbols = (process.argv[2] ?? "").split(",");
const venues = await startSimulatedVenues({
  port: 0,
  nowMs: () => Number(process.hrtime.bigint() / 1_000n),
  symbols,
});
process.send?.({ url: venues.url });

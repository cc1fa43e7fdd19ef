/** What a strategy of a test has where it is not what the test is about: one position, warm at once, no reading. */
export const PLAIN_STRATEGY = {
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: {},
  presets: {},
  lookBackScans: () => 1,
  positionsMax: () => 1,
  remember: () => ({}),
  observe: () => {},
  isWarm: () => true,
  readings: () => ({}),
} as const;

/** Defaults of a test strategy: one position, warm at once, no readings. */
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

import { defineConfig } from "vitest/config";

/**
 * Unit tests need nothing but Node. Integration tests start real servers on free ports; they wait
 * more than they work, so two files run at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**", "test/chaos/**", "test/interop/**"],
          // Only a busy machine takes it.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/{integration,chaos,interop}/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

import { defineConfig } from "vitest/config";

/** Unit tests need nothing but Node; integration tests start real servers and run one file at a time. */
export default defineConfig({
  test: {
    reporters: process.env["CI"] ? ["default"] : ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**", "test/chaos/**", "test/interop/**"],
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/{integration,chaos,interop}/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Longer than a browser waits for an element, so that it is the browser that says what it waited for.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});

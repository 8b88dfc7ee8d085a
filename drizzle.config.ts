import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./src/store/tables/index.ts",
  out: "./migrations",
  casing: "snake_case",
});

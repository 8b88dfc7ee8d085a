import { migrateDatabase } from "#operations";
import { defineCommand } from "./command.ts";
import { say } from "./render.ts";

export default defineCommand({
  name: "migrate",
  summary: "Bring the database to this version's schema.",
  needs: "system",
  anySchema: true,
  options: {},
  async run(_options, { system }) {
    const steps = await migrateDatabase(system, system.operator);
    say(steps === 0 ? "Databasen har redan rätt schema." : `Databasen är uppdaterad: ${steps} steg.`);
    return "done";
  },
});

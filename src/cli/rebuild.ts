import { rebuildCanonical } from "#operations";
import { defineCommand } from "./command.ts";
import { say } from "./render.ts";

export default defineCommand({
  name: "rebuild",
  summary: "Make everything canonical again from the raw ledger.",
  needs: "system",
  options: {},
  async run(_options, { system }) {
    const rebuilt = await rebuildCanonical(system, system.operator);
    for (const { source, resource, was, is } of rebuilt.differences) {
      const now = is === null ? "finns inte längre" : `är nu version ${is.version}`;
      say(`Översättningen ${source}/${resource}, version ${was.version}, ${now}.`);
    }
    say(
      `${rebuilt.forgotten} sidor ur rådatat gicks igenom, ${rebuilt.accepted} poster godtogs, ${rebuilt.quarantined} väntar i karantän.`,
    );
    say("Kör `npx klarsyn reconcile` eller vänta till natten för nya fynd och siffror.");
    return rebuilt.quarantined > 0 ? "incomplete" : "done";
  },
});

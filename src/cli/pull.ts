import { pullSources } from "#operations";
import { defineCommand } from "./command.ts";
import { nightProgress } from "./night.ts";
import { say, write } from "./render.ts";
import { pullRemarks, pullTable } from "./summary.ts";

export default defineCommand({
  name: "pull",
  summary: "Pull sources, without comparing anything.",
  usage: "[SOURCE…]",
  needs: "system",
  positionals: { min: 0, max: 100 },
  options: {},
  async run(_options, { system, positionals, signal }) {
    const { pull, end } = nightProgress();
    const pulls = await pullSources(system, system.operator, {
      ids: positionals,
      signal,
      ...(pull === undefined ? {} : { progress: pull }),
    });
    end();
    await write(pullTable(pulls));
    for (const remark of pullRemarks(pulls)) say(`Obs: ${remark}`);
    for (const { error, source, resource } of pulls) {
      if (error !== null) system.log.warn({ error, source, resource }, "source failed");
    }
    return pulls.some(({ state, quarantined }) => state !== "ok" || quarantined > 0) ? "incomplete" : "done";
  },
});

import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readConfig } from "#config";
import { openLog } from "#log";
import { pullSources } from "#operations";
import { adapters, openSystem } from "#system";
import { startDelivering } from "#worker";

/* Pulls its sources again and again and tells providers what is new, as the service does, until it is killed. */

const [configFile = ""] = process.argv.slice(2);
const config = readConfig(configFile, process.env, adapters);
await using system = await openSystem(config, { anySchema: false, log: openLog("silent") });
const delivering = startDelivering(system);
writeSync(1, "ready\n");
try {
  for (;;) {
    await pullSources(system, system.operator, { ids: [], signal: new AbortController().signal });
    writeSync(1, "pulled\n");
    await sleep(30);
  }
} finally {
  await delivering.stop();
}

import { dayOf, parseDate } from "#model";
import { reconcile, reconcileChanged, type Reconciled, showOverview } from "#operations";
import { datePattern, defineCommand } from "./command.ts";
import { nightProgress } from "./night.ts";
import { say, write } from "./render.ts";
import { UsageError } from "./run.ts";
import { nightSummary, routerRemarks, windowText } from "./summary.ts";

export default defineCommand({
  name: "reconcile",
  summary: "Compare what has been pulled, and write findings and settlement.",
  usage: "[--from D --to D] [--full] | --changed",
  needs: "system",
  options: {
    from: { type: "string", value: "YYYY-MM-DD", summary: "First day", pattern: datePattern },
    to: { type: "string", value: "YYYY-MM-DD", summary: "Last day", pattern: datePattern },
    full: { type: "boolean", summary: "Compute everything anew, not only what changed" },
    changed: {
      type: "boolean",
      summary: "Compute anew at once only the clients and staff whom changes since the last night reach",
    },
  },
  async run({ from, to, full, changed }, { system, signal }) {
    if (changed) {
      if (full || from !== undefined || to !== undefined) throw new UsageError("--changed stands alone.");
      const window = await reconcileChanged(system, system.operator, { signal });
      if (window === "nothing") say("Ingen ändring väntar på att räknas om.");
      else if (window === "night") say("Ändringen rör mer än enskilda personer i öppna månader: den räknas om i natt.");
      else say(`${windowResult(window)}\nDet som gäller enheter, utförare och källor räknas om i natt.`);
      return "done";
    }
    if ((from === undefined) !== (to === undefined)) throw new UsageError("Give both --from and --to, or neither.");
    const [first, last] = [from, to].map((text) => (text === undefined ? null : parseDate(text)));
    if (first !== null && last !== null && (first ?? 0) > (last ?? 0)) throw new UsageError("--from is after --to.");
    const { reconcile: progress, end } = nightProgress();
    const chosen = first !== null && first !== undefined && last !== null && last !== undefined;
    const windows = await reconcile(system, system.operator, {
      day: chosen ? last + 1 : dayOf(system.now()),
      ...(chosen ? { from: first } : {}),
      full: full || chosen,
      signal,
      ...(progress === undefined ? {} : { progress }),
    });
    end();
    for (const window of windows) say(windowResult(window));
    for (const remark of routerRemarks(windows)) say(`Obs: ${remark}`);
    await write(nightSummary(await showOverview(system, system.operator)));
    return "done";
  },
});

function windowResult({ findings, visits, ...window }: Reconciled): string {
  return `${windowText(window)}: ${visits.toLocaleString("sv-SE")} besök. Fynd: ${findings.opened} nya, ${findings.changed} ändrade, ${findings.kept} oförändrade, ${findings.closed} rättade i källan.`;
}

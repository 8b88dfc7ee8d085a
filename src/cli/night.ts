import { dayOf, formatDay, parseDate } from "#model";
import {
  heldText,
  type NightProgress,
  pruneEvents,
  pruneLog,
  runNight,
  showOverview,
  takeReminders,
} from "#operations";
import type { System } from "#system";
import { sendNotice } from "#worker";
import { datePattern, defineCommand } from "./command.ts";
import { progressLine, say, write } from "./render.ts";
import { nightSummary, pullRemarks, pullTable, routerRemarks, windowText } from "./summary.ts";

const steps = { read: "läser", build: "ordnar", match: "parar ihop", check: "jämför", write: "skriver" };

/** Shows how far a night has come. */
export function nightProgress(): NightProgress & { end: () => void } {
  const line = progressLine();
  return {
    waiting: () => say("En annan körning pågår för kommunen; väntar på den."),
    pull: ({ source, resource, records }) =>
      line.show(`Hämtar ${source}/${resource}: ${records.toLocaleString("sv-SE")} poster`),
    reconcile: (step, window) => line.show(`${windowText(window)}: ${steps[step]}`),
    end: line.end,
  };
}

/** Runs a night, shows it, and tells the operator where it failed or a source was silent; with `once`, see `runNight`. */
export async function nightWithNotice(
  system: System,
  { day, full, signal, once = false }: { day: number; full: boolean; signal: AbortSignal; once?: boolean },
): Promise<"done" | "incomplete"> {
  const progress = nightProgress();
  const { notify, municipality } = system.config;
  const tell = async (subject: string, text: string): Promise<void> => {
    const failed = await sendNotice(notify, { subject: `Klarsyn ${municipality.name}: ${subject}`, text });
    for (const target of failed) system.log.warn({ target }, "notice not sent");
  };
  try {
    const night = await runNight(system, system.operator, { day, full, signal, progress, once });
    progress.end();
    if (night === null) return "done";
    const { pulls, outcome, reconciled } = night;
    await pruneLog(system, system.operator);
    await pruneEvents(system, system.operator);
    await remind(system);
    await write(`Natten ${formatDay(day)}\n\n${pullTable(pulls)}`);
    const remarks = pullRemarks(pulls);
    for (const remark of [...remarks, ...routerRemarks(reconciled)]) say(`Obs: ${remark}`);
    const overview = await showOverview(system, system.operator);
    await write(nightSummary(overview));
    for (const { error, source, resource } of pulls) {
      if (error !== null) system.log.warn({ error, source, resource }, "source failed");
    }
    if (pulls.some(({ state }) => state === "down" || state === "silent"))
      await tell("en källa är nere eller tyst", remarks.join("\n"));
    if (overview.held.length > 0) await tell("en regel hålls inne", overview.held.map(heldText).join("\n"));
    return outcome === "done" ? "done" : "incomplete";
  } catch (error) {
    progress.end();
    await tell(
      "natten misslyckades",
      `Natten ${formatDay(day)} kunde inte köras klart. Kör npx klarsyn doctor på servern.`,
    );
    throw error;
  }
}

/** Sends handlers what waits for them, where letters can be sent. */
async function remind(system: System): Promise<void> {
  const { email } = system.config.notify ?? {};
  if (email === undefined || !email.reminders) return;
  for (const { to, ...notice } of await takeReminders(system, system.operator)) {
    const failed = await sendNotice({ email: { ...email, to: [to] } }, notice);
    // Neither to whom nor what.
    if (failed.length > 0) system.log.warn("a reminder was not sent");
  }
}

export default defineCommand({
  name: "night",
  summary: "Pull every source, compare the open period, write findings and settlement.",
  usage: "[--date D] [--full]",
  needs: "system",
  options: {
    date: { type: "string", value: "YYYY-MM-DD", summary: "The night of this day (today)", pattern: datePattern },
    full: { type: "boolean", summary: "Compute everything anew, not only what changed" },
  },
  async run({ date, full }, { system, signal }) {
    const day = (date === undefined ? null : parseDate(date)) ?? dayOf(system.now());
    return nightWithNotice(system, { day, full, signal });
  },
});

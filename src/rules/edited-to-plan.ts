import { z } from "zod";
import {
  addedMs,
  at,
  cut,
  decimalText,
  defineRule,
  edited,
  example,
  heldAgainst,
  type Hit,
  MINUTE,
  percentOf,
  sample,
} from "#rule";

/** So many edited visits, of which so many were made to end as planned; a planned visit is 30 minutes. */
function editsOf(count: number, asPlanned: number, { longer = true, exact = 0 } = {}) {
  return example(
    Array.from({ length: count }, (_, position) => {
      const start = at("2026-10-05 08:00", position * 24 * 60);
      const end = position < asPlanned ? 30 + exact : 26;
      return [
        sample("planned-visits", `p-${position}`, { start, end: start + 30 * MINUTE }),
        sample("visits", `v-${position}`, {
          start,
          end: start + end * MINUTE,
          originalEnd: start + (longer ? 20 : 50) * MINUTE,
          editedAt: start + 10 * 60 * MINUTE,
        }),
      ];
    }).flat(),
  );
}

export default defineRule({
  id: "edited-to-plan",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Ändringar som slutar exakt enligt plan", en: "Edits that end exactly as planned" },
  why: "Den som rättar en tid efter minnet träffar sällan planen på minuten. Där många gör det kan tider ha fyllts ut för att nå den planerade tiden.",
  remedy: "Be utföraren visa vad ändringarna bygger på, och jämför med lås- eller tagghändelser.",
  innocent: { shortened: "Ändringen gjorde besöket kortare, till exempel efter en glömd utloggning." },
  reads: ["visits", "plans", "matches"],
  parameters: z.object({
    percentAbove: z
      .number()
      .min(0)
      .max(100)
      .default(30)
      .describe("Så stor del av ändringarna får sluta exakt enligt plan."),
    editsMin: z.int().min(1).default(10).describe("Färre ändringar säger för lite."),
  }),
  examples: () => ({
    reports: [editsOf(10, 4)],
    accepts: [editsOf(10, 3), editsOf(9, 9), editsOf(20, 20, { longer: false }), editsOf(20, 20, { exact: 1 })],
  }),
  evaluate({ visits, plans, matches, slice }, { percentAbove, editsMin }, report) {
    const hits: Hit[] = [];
    let edits = 0;
    let unknown = 0;
    let shorter: number[] | null = null;
    let found: number[] | null = null;
    let added = 0;
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (!edited(visits, row) || !visits.usable(row)) continue;
      const more = addedMs(visits, row);
      if (Number.isNaN(more)) {
        unknown++;
        continue;
      }
      if (more === 0) continue;
      edits++;
      const plan = heldAgainst(visits, plans, matches, row);
      if (plan < 0 || Math.floor(visits.end(row) / MINUTE) !== Math.floor(plans.end(plan) / MINUTE)) continue;
      if (more < 0) {
        (shorter ??= []).push(row);
        continue;
      }
      (found ??= []).push(row);
      added += more;
    }
    if (edits < editsMin) {
      if (edits + unknown >= editsMin) report.tooLittleData("ursprunglig tid saknas på ändrade besök");
      return hits;
    }
    const count = found?.length ?? 0;
    if (found === null || count * 100 <= percentAbove * edits) {
      if (shorter !== null && (count + shorter.length) * 100 > percentAbove * edits)
        report.suppressed("shortened", shorter);
      return hits;
    }
    const percent = percentOf(count, edits);
    hits.push({
      records: found,
      minutes: Math.round(added / MINUTE),
      reason: `${count} av ${edits} ändringar under månaden (${decimalText(percent)} %) förlängde besöket så att det slutar på minuten enligt plan.`,
      evidence: {
        "ändringar som slutar enligt plan i procent >": [cut(percent), percentAbove],
        "ändrade besök ≥": [edits, editsMin],
        "minuter som de lade till": Math.round(added / MINUTE),
      },
    });
    return hits;
  },
});

import { z } from "zod";
import { addedMs, at, defineRule, example, formatClock, formatDay, type Hit, MINUTE, sample } from "#rule";

interface Given {
  reason?: string | undefined;
  terms?: Record<string, unknown> | null;
  proof?: string;
}

/** A visit that an edit made so many minutes longer, under these terms. */
function editedBy(minutes: number, { reason, terms = {}, proof = "lock" }: Given = {}) {
  return example([
    ...(terms === null ? [] : [sample("contracts", "K1", { terms })]),
    sample("visits", "v-1", {
      end: at("08:30", minutes),
      ...(minutes !== 0 && { originalEnd: "08:30", editedAt: "2026-10-06 09:00" }),
      editReason: reason,
      endProof: proof,
    }),
  ]);
}
const byHand = { manual: { allowed: true, reasonRequired: true } };

export default defineRule({
  id: "edit-without-reason",
  version: 1,
  level: "error",
  scope: "visit",
  title: { sv: "Ändring utan skäl", en: "Edit without a reason" },
  why: "Avtalet kräver ett skäl när tid förlängs i efterhand eller skrivs in för hand. Utan skäl kan tiden inte bedömas, och den ersätts inte.",
  remedy: "Be utföraren ange skälet i sitt system.",
  innocent: { shortened: "Ändringen gjorde inte besöket längre, till exempel efter en glömd utloggning." },
  reads: ["visits", "services", "settlement"],
  parameters: z.object({
    charactersMin: z.int().min(1).default(5).describe("Ett kortare skäl räknas som inget skäl."),
  }),
  examples: () => ({
    reports: [editedBy(5), editedBy(5, { reason: "sen." }), editedBy(0, { terms: byHand, proof: "manual" })],
    accepts: [
      editedBy(5, { reason: "glömd" }),
      editedBy(-5),
      editedBy(5, { terms: { lengthening: "always" } }),
      editedBy(5, { terms: null }),
      editedBy(0, { proof: "manual" }),
      editedBy(0, { terms: byHand, proof: "manual", reason: "Telefonen var trasig" }),
    ],
  }),
  evaluate({ visits, services, settlement, slice }, { charactersMin }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      const added = addedMs(visits, row);
      const lengthened = added >= MINUTE;
      const manual = visits.proven(row) === false && visits.usable(row);
      if (!lengthened && !manual && !(added < 0)) continue;
      const service = services.list(visits.services(row))[0] ?? -1;
      const inForce = settlement.terms(visits.provider(row), visits.unit(row), service, visits.day(row));
      if (inForce === null) {
        report.tooLittleData("avtal saknas");
        continue;
      }
      const { lengthening, manual: byHandTerms } = inForce.terms;
      const forHand = manual && byHandTerms.reasonRequired;
      const forLength = lengthened && lengthening === "withReason";
      if (!forHand && !forLength && !(added < 0 && lengthening === "withReason")) continue;
      const given = visits.editReason(row)?.trim().length ?? 0;
      if (given >= charactersMin) continue;
      if (!forHand && !forLength) {
        report.suppressed("shortened", [row]);
        continue;
      }
      const minutes = forHand ? visits.minutes(row) : Math.round(added / MINUTE);
      const clock = `${formatDay(visits.day(row))} ${formatClock(visits.start(row))}–${formatClock(visits.end(row))}`;
      hits.push({
        records: [row],
        minutes,
        amountOre: settlement.oreOf(row, minutes),
        reason:
          (forHand
            ? `Besöket ${clock} är inskrivet för hand`
            : `Besöket ${clock} förlängdes i efterhand med ${minutes} minuter`) +
          (given === 0
            ? " utan skäl, och avtalet kräver ett."
            : " med ett skäl som är för kort för att säga något; avtalet kräver ett."),
        evidence: {
          "skälets längd i tecken <": [given, charactersMin],
          "avtalet kräver skäl för manuell registrering": byHandTerms.reasonRequired,
          "avtalet kräver skäl för förlängning": lengthening === "withReason",
        },
      });
    }
    return hits;
  },
});

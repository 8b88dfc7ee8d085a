import { day } from "#model";
import type { NewFinding } from "#store";

/** A finding with unremarkable values, alone in its slice. */
export function finding(id: string, more: Partial<NewFinding> = {}): NewFinding {
  return {
    id,
    ruleId: "staff-overlap",
    ruleVersion: 1,
    level: "indicator",
    severity: "review",
    mode: "active",
    suppressed: null,
    subject: id,
    slice: `staff-day/${id}`,
    fromDay: day("2026-10-05"),
    throughDay: day("2026-10-05"),
    provider: "P1",
    unit: "U1",
    client: "C1",
    staff: "S17",
    records: [],
    minutes: 12,
    amountOre: 9280,
    reason: "Två besök överlappar med 12 minuter.",
    evidence: [],
    ...more,
  };
}

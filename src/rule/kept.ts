import { type Day, findingSays, rowHash } from "#model";
import type { SettlementRow } from "#settle";
import type { Finding } from "./define.ts";
import type { Keeping } from "./engine.ts";

/**
 * A finding as its row will say it, with the hash of that. What nobody looks into before it is stored is JSON: tens of
 * thousands of trees cost as much as the rules.
 */
export interface FindingText extends Omit<Finding, "rule" | "version" | "status" | "period" | "records" | "evidence"> {
  ruleId: string;
  ruleVersion: number;
  subject: string;
  fromDay: Day;
  throughDay: Day;
  records: string;
  evidence: string;
  /** See `rowHash`. */
  hash: string;
}

/** A row of figures in the same way. */
export interface RowText extends Omit<SettlementRow, "codes" | "trace" | "claims"> {
  slice: string;
  codes: string;
  trace: string;
  claims: string;
}

/** What a night holds until it writes. */
export const asText: Keeping<FindingText, RowText> = {
  // Each by its name: to spread a finding takes several times as long.
  finding(finding, period) {
    const row = {
      id: finding.id,
      ruleId: finding.rule,
      ruleVersion: finding.version,
      level: finding.level,
      severity: finding.severity,
      mode: finding.mode,
      suppressed: finding.suppressed,
      subject: finding.client ?? finding.staff ?? finding.unit ?? finding.provider ?? "",
      slice: finding.slice,
      fromDay: period.from,
      throughDay: period.to,
      provider: finding.provider,
      unit: finding.unit,
      client: finding.client,
      staff: finding.staff,
      records: JSON.stringify(finding.records),
      minutes: finding.minutes,
      amountOre: finding.amountOre,
      reason: finding.reason,
      evidence: JSON.stringify(finding.evidence),
      hash: "",
    };
    row.hash = rowHash(findingSays.map((name) => row[name]));
    return row;
  },
  row(row) {
    return {
      ...row,
      codes: JSON.stringify(row.codes),
      trace: JSON.stringify(row.trace),
      claims: JSON.stringify(row.claims),
    };
  },
};

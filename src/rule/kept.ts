import { type Day, findingSays, parseDate, rowHash } from "#model";
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
  finding({ rule, version, period, status: _status, ...finding }) {
    const row = {
      ...finding,
      ruleId: rule,
      ruleVersion: version,
      subject: finding.client ?? finding.staff ?? finding.unit ?? finding.provider ?? "",
      fromDay: parseDate(period.from) ?? 0,
      throughDay: parseDate(period.to) ?? 0,
      records: JSON.stringify(finding.records),
      evidence: JSON.stringify(finding.evidence),
    };
    return { ...row, hash: rowHash(findingSays.map((name) => row[name])) };
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

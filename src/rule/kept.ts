import type { SettlementRow } from "#settle";
import type { Finding } from "./define.ts";
import type { Keeping } from "./engine.ts";

/** A finding of which what nobody looks into before it is stored is JSON: tens of thousands of trees cost as much as the rules. */
export interface FindingText extends Omit<Finding, "records" | "evidence"> {
  records: string;
  evidence: string;
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
  finding(finding) {
    return { ...finding, records: JSON.stringify(finding.records), evidence: JSON.stringify(finding.evidence) };
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

import type { SettlementLine } from "#store";

/** A line as programs read it: one line of `settlement --format jsonl`. */
export function settlementJson(line: SettlementLine): Record<string, unknown> {
  const { month, provider, unit, client, service, order, line: orderLine, contract, minutes, ore, codes, trace } = line;
  const who = { month, provider, unit, client, service, order, line: orderLine, contract };
  return { ...who, minutes, ore, feeMinutes: line.feeMinutes, codes, trace, claims: line.claims };
}

import type { NewSettlementLine } from "#store";

type More = Partial<Omit<NewSettlementLine, "minutes">> & { minutes?: Partial<NewSettlementLine["minutes"]> };

/** A line of a client's October with unremarkable figures, alone in its slice; of its minutes only those given are others. */
export function settlementLine(client: string, { minutes = {}, ...more }: More = {}): NewSettlementLine {
  const none = { declined: 0, noAnswer: 0, absent: 0, missed: 0, underDelivered: 0 };
  return {
    slice: `client-month/${client}/${more.month ?? "2026-10"}`,
    month: "2026-10",
    provider: "P1",
    unit: "U1",
    client,
    service: "omvardnad",
    order: "o-1",
    line: "o-1-1",
    contract: "K1",
    minutes: { granted: 100, planned: 90, registered: 80, payable: 70, claimed: 60, ...none, ...minutes },
    ore: { payable: 700, claimed: 600, overbilled: 1, unbilled: 2 },
    codes: {},
    trace: [],
    feeMinutes: 0,
    claims: [],
    ...more,
  };
}

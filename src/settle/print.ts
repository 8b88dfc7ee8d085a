import type { Tables } from "#columns";
import { formatDay, type LocalDate, type Ore } from "#model";
import type { ClaimCode, ClaimMatter, JudgedClaim, Proposal } from "./codes.ts";
import type { Figures } from "./figures.ts";

/** A row of figures as `contract.md` prints it: people, units, services and records by their ids. */
export interface SettlementRow extends Omit<
  Figures,
  "provider" | "unit" | "client" | "service" | "order" | "line" | "contract" | "claims"
> {
  provider: string | null;
  unit: string | null;
  client: string;
  service: string | null;
  order: string | null;
  line: string | null;
  contract: string | null;
  claims: readonly PrintedClaim[];
}

/** A record by its source and the source's own id. */
interface RecordId {
  source: string;
  id: string;
}

/** A claim that is not accepted as it stands, or what nobody claims (`claim` null). */
export interface PrintedClaim {
  code: ClaimCode;
  matter: ClaimMatter;
  claim: RecordId | null;
  /** Claims that it was judged with: on the same days, what it repeats, credits. */
  related: readonly RecordId[];
  days: readonly LocalDate[];
  band: string | null;
  minutes: { claimed: number; payable: number };
  /** `payable` null: no price is known. */
  ore: { claimed: Ore; payable: Ore | null; overbilled: Ore; unbilled: Ore };
  /** Null: nothing is held. `until` is the first day on which the proposal may be carried out. */
  hold: { days: number; until: LocalDate } | null;
  proposal: Proposal | null;
}

/** What a row is about, by ids. */
export function idsOfRow(tables: Tables, figures: Figures) {
  const { providers, units, clients, services, orders, lines, contracts } = tables;
  const id = (code: number, of: { id(row: number): string }): string | null => (code < 0 ? null : of.id(code));
  return {
    month: figures.month,
    provider: figures.provider < 0 ? null : providers.text(figures.provider),
    unit: figures.unit < 0 ? null : units.text(figures.unit),
    client: clients.text(figures.client),
    service: figures.service < 0 ? null : services.code[figures.service]!,
    order: id(figures.order, orders),
    line: id(figures.line, lines),
    contract: id(figures.contract, contracts),
  };
}

export function settlementRow(tables: Tables, figures: Figures): SettlementRow {
  return {
    ...idsOfRow(tables, figures),
    minutes: figures.minutes,
    ore: figures.ore,
    feeMinutes: figures.feeMinutes,
    codes: figures.codes,
    trace: figures.trace,
    claims: figures.claims.map((claim) => printedClaim(tables, claim)),
  };
}

function printedClaim({ claims, sources }: Tables, judged: JudgedClaim): PrintedClaim {
  const idOf = (row: number): RecordId => ({ source: sources.id(claims.source(row)), id: claims.id(row) });
  return {
    code: judged.code,
    // Those that are accepted have none, and are not printed.
    matter: judged.matter!,
    claim: judged.claim < 0 ? null : idOf(judged.claim),
    related: judged.related.map(idOf),
    days: judged.days.map((day) => formatDay(day)),
    band: judged.band,
    minutes: { claimed: rounded(judged.claimedMinutes), payable: rounded(judged.payableMinutes) },
    ore: {
      claimed: judged.claimedOre,
      payable: judged.payableOre,
      overbilled: judged.overbilledOre,
      unbilled: judged.unbilledOre,
    },
    hold: judged.holdUntil === null ? null : { days: judged.holdDays, until: formatDay(judged.holdUntil) },
    proposal: judged.proposal,
  };
}

/** Parts of a minute, as division over days leaves them, to the hundredth. */
function rounded(minutes: number): number {
  return Math.round(minutes * 100) / 100;
}

import type { Tables } from "#columns";
import type { Figures } from "./figures.ts";

/** A row of figures as `contract.md` prints it: people, units, services and records by their ids. */
export interface SettlementRow extends Omit<
  Figures,
  "provider" | "unit" | "client" | "service" | "order" | "line" | "contract"
> {
  provider: string | null;
  unit: string | null;
  client: string;
  service: string | null;
  order: string | null;
  line: string | null;
  contract: string | null;
}

export function settlementRow(tables: Tables, figures: Figures): SettlementRow {
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
    minutes: figures.minutes,
    ore: figures.ore,
    codes: figures.codes,
    trace: figures.trace,
  };
}

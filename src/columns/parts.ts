import type { Instant } from "#model";
import type { Beyond } from "./beyond.ts";
import type { Period, RawColumns } from "./raw.ts";
import { Sources } from "./sources.ts";
import * as table from "./tables.ts";

/** Everything that matching, settlement and rules read. Pure: the same records give the same tables in any order of arrival. */
export interface Tables {
  readonly visits: table.Visits;
  readonly plans: table.Plans;
  readonly clients: table.Clients;
  readonly staff: table.Staff;
  readonly units: table.Units;
  readonly providers: table.Providers;
  readonly services: table.Services;
  readonly orders: table.Orders;
  readonly lines: table.Lines;
  readonly absences: table.Absences;
  readonly claims: table.Claims;
  readonly shifts: table.Shifts;
  readonly lockEvents: table.LockEvents;
  readonly contracts: table.Contracts;
  readonly decisions: table.Decisions;
  readonly tags: table.Tags;
  readonly meals: table.Meals;
  readonly sources: Sources;
  readonly asOf: Instant;
  readonly period: Period;
  /** Null: the tables hold all records. */
  readonly beyond: Beyond | null;
  /** The same as plain data, which can be sent to another thread. */
  readonly parts: TableParts;
}

const classes = {
  visits: table.Visits,
  plans: table.Plans,
  clients: table.Clients,
  staff: table.Staff,
  units: table.Units,
  providers: table.Providers,
  services: table.Services,
  orders: table.Orders,
  lines: table.Lines,
  absences: table.Absences,
  claims: table.Claims,
  shifts: table.Shifts,
  lockEvents: table.LockEvents,
  decisions: table.Decisions,
  tags: table.Tags,
  meals: table.Meals,
  sources: Sources,
};
type Classes = typeof classes;
type Name = keyof Classes;

export type TableParts = { [K in Name]: ConstructorParameters<Classes[K]> } & {
  contracts: [raw: RawColumns, columns: table.ContractColumns];
} & Pick<Tables, "asOf" | "period" | "beyond">;

/** Of rows in a table of their own no more is kept than where they come from. */
const originOf = ({ entity, count, source, id }: RawColumns): RawColumns => ({
  entity,
  count,
  source,
  id,
  version: new Float64Array(0),
  received: new Float64Array(0),
  fields: {},
});

/** Makes tables and remembers of what. */
export class Maker {
  readonly #parts: Partial<Record<keyof TableParts, unknown>> = {};

  one<K extends Name>(name: K, ...made: ConstructorParameters<Classes[K]>): InstanceType<Classes[K]> {
    this.#parts[name] = made;
    return construct(name, made);
  }

  ofRows<K extends Name>(
    name: K,
    raw: RawColumns,
    ...rest: Rest<ConstructorParameters<Classes[K]>>
  ): InstanceType<Classes[K]> {
    return this.one(name, ...([originOf(raw), ...rest] as unknown as ConstructorParameters<Classes[K]>));
  }

  contracts(raw: RawColumns, columns: table.ContractColumns, services: table.Services): table.Contracts {
    this.#parts.contracts = [originOf(raw), columns];
    return new table.Contracts(originOf(raw), columns, services);
  }

  parts(rest: Pick<Tables, "asOf" | "period" | "beyond">): TableParts {
    return { ...this.#parts, ...rest } as TableParts;
  }
}

type Rest<A extends readonly unknown[]> = A extends readonly [unknown, ...infer R] ? R : never;

function construct<K extends Name>(name: K, made: ConstructorParameters<Classes[K]>): InstanceType<Classes[K]> {
  // The compiler does not see that a name's class and its parameters belong together.
  const Class = classes[name] as unknown as new (...made: unknown[]) => InstanceType<Classes[K]>;
  return new Class(...made);
}

/** The tables of parts that came from another thread. */
export function tablesOf(parts: TableParts): Tables {
  const tables = Object.fromEntries(
    (Object.keys(classes) as Name[]).map((name) => [name, construct(name, parts[name])]),
  ) as unknown as Tables;
  const { asOf, period, beyond } = parts;
  return {
    ...tables,
    contracts: new table.Contracts(...parts.contracts, tables.services),
    asOf,
    period,
    beyond,
    parts,
  };
}

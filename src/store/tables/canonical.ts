import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  type IndexBuilder,
  type PgColumn,
  type PgColumnBuilderBase,
  pgTable,
  primaryKey,
  smallint,
  text,
} from "drizzle-orm/pg-core";
import { isNotNull, sql } from "drizzle-orm";
import { entities, type Entity, entityNames, type EntityName, type Field } from "#model";
import { bytea, instant, localDay } from "./columns.ts";

/** Postgres types that canonical fields are stored as; the names that binary COPY encodes by. */
export type StoredType = "int2" | "int4" | "int8" | "float8" | "bool" | "text" | "bytea" | "timestamptz" | "date";

/** One stored column of a canonical table. `field` is null for what every row has. */
export interface StoredColumn {
  readonly name: string;
  readonly type: StoredType;
  readonly field: string | null;
}

const snake = (name: string): string => name.replaceAll("-", "_").replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Table of an entity's heads; `<name>_history` has the same columns. */
export const tableName = (entity: EntityName): string => snake(entity);

const typeOf: Readonly<Record<Field["kind"], StoredType>> = {
  id: "text",
  text: "text",
  ref: "int4",
  codes: "int4",
  identity: "bytea",
  personal: "bytea",
  enum: "int2",
  integer: "int4",
  decimal: "float8",
  instant: "timestamptz",
  instantFrom: "timestamptz",
  instantUntil: "timestamptz",
  date: "date",
  boolean: "bool",
  json: "text",
};

const common: readonly StoredColumn[] = (
  [
    ["tenant_id", "text"],
    ["source_no", "int2"],
    ["id", "text"],
    ["version", "float8"],
    ["deleted", "bool"],
    ["parent", "text"],
    ["content_hash", "bytea"],
    ["raw_page", "int8"],
    ["raw_index", "int4"],
    ["mapping_version", "int4"],
  ] as const
).map(([name, type]) => ({ name, type, field: null }));

/** Columns that a field is stored in: two for an identity number, one for all others. */
export function columnsOfField(field: string, kind: Field["kind"]): StoredColumn[] {
  const name = snake(field);
  if (kind !== "identity") return [{ name, type: typeOf[kind], field }];
  return [
    { name: `${name}_encrypted`, type: "bytea", field },
    { name: `${name}_hash`, type: "bytea", field },
  ];
}

function columnsOfEntity(entity: Entity): StoredColumn[] {
  return [
    ...common,
    ...(entity.day === null ? [] : [{ name: "day", type: "date" as const, field: null }]),
    ...Object.entries(entity.fields).flatMap(([name, field]) => columnsOfField(name, field.kind)),
  ];
}

/** The columns of an entity's tables in their order: what every row has, `day` where the entity has one, then the fields. */
export const storedColumns: Readonly<Record<EntityName, readonly StoredColumn[]>> = Object.fromEntries(
  entityNames.map((name) => [name, columnsOfEntity(entities[name])]),
) as unknown as Record<EntityName, readonly StoredColumn[]>;

const builders: Readonly<Record<StoredType, () => PgColumnBuilderBase>> = {
  int2: () => smallint(),
  int4: () => integer(),
  int8: () => bigint({ mode: "number" }),
  float8: () => doublePrecision(),
  bool: () => boolean(),
  text: () => text(),
  bytea: () => bytea(),
  timestamptz: () => instant(),
  date: () => localDay(),
};

/** What every canonical row has, with the types that queries see; the fields are reached by COPY. */
const rowColumns = () => ({
  tenantId: text().notNull(),
  sourceNo: smallint().notNull(),
  id: text().notNull(),
  /** Null: the source has no versions; what was received later wins. */
  version: doublePrecision(),
  deleted: boolean().notNull(),
  parent: text(),
  contentHash: bytea().notNull(),
  rawPage: bigint({ mode: "number" }).notNull(),
  rawIndex: integer().notNull(),
  mappingVersion: integer().notNull(),
});

function fieldColumns(entity: EntityName): Record<string, PgColumnBuilderBase> {
  const rest = storedColumns[entity].slice(common.length);
  return Object.fromEntries(rest.map(({ name, type }) => [name, builders[type]()]));
}

/** A month of one tenant is read by this index, without touching the others. */
function dayIndex(name: string, table: object): IndexBuilder[] {
  const { tenantId, day } = table as { tenantId: PgColumn; day?: PgColumn };
  return day === undefined ? [] : [index(`${name}_by_day`).on(tenantId, day)];
}

/** A month of one person, of what there is much of: so that one change can be computed anew without reading the others. */
const peopleOf: Partial<Record<EntityName, ReadonlyArray<"clientId" | "staffId" | "orderId" | "householdId">>> = {
  visits: ["clientId", "staffId"],
  "planned-visits": ["clientId"],
  "lock-events": ["clientId"],
  shifts: ["staffId"],
  claims: ["clientId"],
  decisions: ["clientId"],
  orders: ["clientId"],
  "order-lines": ["orderId"],
  tags: ["clientId"],
  clients: ["householdId"],
};

function personIndexes(entity: EntityName, name: string, table: object): IndexBuilder[] {
  const columns = table as { tenantId: PgColumn; day?: PgColumn } & Record<string, PgColumn>;
  return (peopleOf[entity] ?? []).map((field) => {
    const keys = [columns.tenantId, columns[snake(field)]!, ...(columns.day === undefined ? [] : [columns.day])];
    return index(`${name}_by_${field.replace("Id", "")}`).on(...(keys as [PgColumn]));
  });
}

/** Whoever shares one is the same person. */
function identityIndexes(entity: EntityName, name: string, table: object): IndexBuilder[] {
  if (entity !== "clients" && entity !== "staff") return [];
  const { tenantId, ...columns } = table as { tenantId: PgColumn } & Record<string, PgColumn>;
  const number = columns["personal_identity_number_hash"]!;
  const byNumber = index(`${name}_by_identity`).on(tenantId, number).where(isNotNull(number));
  if (entity === "clients") return [byNumber];
  const hsaId = columns["hsa_id"]!;
  return [
    byNumber,
    index(`${name}_by_hsa_id`)
      .on(tenantId, sql`upper(${hsaId})`)
      .where(isNotNull(hsaId)),
  ];
}

/**
 * The version in force of each record. A row is replaced by a higher version, which moves it to the history;
 * a record that its source has deleted stays as a row with `deleted`.
 */
function head(entity: EntityName) {
  const name = tableName(entity);
  return pgTable(name, { ...rowColumns(), ...fieldColumns(entity) }, (t) => [
    primaryKey({ name: `${name}_one_head_per_record`, columns: [t.tenantId, t.sourceNo, t.id] }),
    // Only rows that are somebody's children: most entities have none.
    index(`${name}_by_parent`).on(t.tenantId, t.sourceNo, t.parent).where(isNotNull(t.parent)),
    ...dayIndex(name, t),
    ...personIndexes(entity, name, t),
    ...identityIndexes(entity, name, t),
  ]);
}

/** Versions that are no longer, or never were, in force; never changed once written. */
function history(entity: EntityName) {
  const name = `${tableName(entity)}_history`;
  return pgTable(name, { ...rowColumns(), ...fieldColumns(entity) }, (t) => [
    primaryKey({
      name: `${name}_one_row_per_version`,
      columns: [t.tenantId, t.sourceNo, t.id, t.rawPage, t.rawIndex],
    }),
    ...dayIndex(name, t),
    // Of planned visits all versions are read.
    ...(entity === "planned-visits" ? personIndexes(entity, name, t) : []),
  ]);
}

export const heads = Object.fromEntries(entityNames.map((name) => [name, head(name)])) as Record<
  EntityName,
  ReturnType<typeof head>
>;
export const histories = Object.fromEntries(entityNames.map((name) => [name, history(name)])) as Record<
  EntityName,
  ReturnType<typeof history>
>;

// drizzle-kit sees only tables that are exported by a name of their own; a test compares this list with the entities.
export const {
  services,
  providers,
  units,
  contracts,
  clients,
  staff,
  decisions,
  orders,
  "order-lines": orderLines,
  "planned-visits": plannedVisits,
  visits,
  absences,
  shifts,
  "lock-events": lockEvents,
  tags,
  claims,
  "service-plans": servicePlans,
  deviations,
  meals,
} = heads;
export const {
  services: servicesHistory,
  providers: providersHistory,
  units: unitsHistory,
  contracts: contractsHistory,
  clients: clientsHistory,
  staff: staffHistory,
  decisions: decisionsHistory,
  orders: ordersHistory,
  "order-lines": orderLinesHistory,
  "planned-visits": plannedVisitsHistory,
  visits: visitsHistory,
  absences: absencesHistory,
  shifts: shiftsHistory,
  "lock-events": lockEventsHistory,
  tags: tagsHistory,
  claims: claimsHistory,
  "service-plans": servicePlansHistory,
  deviations: deviationsHistory,
  meals: mealsHistory,
} = histories;

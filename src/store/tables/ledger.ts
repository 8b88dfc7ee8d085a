import { sql } from "drizzle-orm";
import {
  bigint,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytea, instant, localDay } from "./columns.ts";

const big = () => bigint({ mode: "number" });

/**
 * One row per page as it was received: the only copy of what a source said, from which everything canonical can be
 * made again. Written once, in the transaction that moves the cursor; afterwards only marked as normalised.
 */
export const rawPages = pgTable(
  "raw_pages",
  {
    tenantId: text().notNull(),
    id: big().notNull().generatedAlwaysAsIdentity(), // order of arrival within a tenant
    source: text().notNull(), // id in the configuration
    resource: text().notNull(), // name of the adapter's source
    run: big().notNull(),
    seq: integer().notNull(), // within the run, from 1
    place: text().notNull(),
    delivery: text(), // hash of the whole file
    receivedAt: instant().notNull(),
    count: integer().notNull(),
    contentHash: bytea().notNull(),
    codec: smallint().notNull(),
    bytes: bytea().notNull(), // compressed and encrypted
    normalisedAt: instant(), // null: waits to be made canonical
    mappingVersion: integer(),
    mappingHash: text(),
  },
  (t) => [
    primaryKey({ name: "raw_pages_in_order_of_arrival", columns: [t.tenantId, t.id] }),
    index("raw_pages_by_resource").on(t.tenantId, t.source, t.resource, t.id),
    index("raw_pages_by_delivery")
      .on(t.tenantId, t.delivery)
      .where(sql`${t.delivery} is not null`),
    index("raw_pages_waiting")
      .on(t.tenantId, t.id)
      .where(sql`${t.normalisedAt} is null`),
  ],
);

/** Where the next pull of a resource goes on. `pages` counts commits, so that of two pullers at once one notices the other. */
export const cursors = pgTable(
  "cursors",
  {
    tenantId: text().notNull(),
    source: text().notNull(),
    resource: text().notNull(),
    cursor: text(),
    pages: big().notNull(),
    lastPage: big(),
    recordsAt: instant(), // when records last arrived
    comparedAt: instant(), // when the complete ids were last compared
  },
  (t) => [primaryKey({ name: "cursors_one_per_resource", columns: [t.tenantId, t.source, t.resource] })],
);

/** Files that have been read to their end, by the hash of their content. */
export const deliveries = pgTable(
  "deliveries",
  {
    tenantId: text().notNull(),
    source: text().notNull(),
    resource: text().notNull(),
    hash: text().notNull(),
    place: text().notNull(),
    firstAt: instant().notNull(),
    lastAt: instant().notNull(),
    times: integer().notNull(),
  },
  (t) => [primaryKey({ name: "deliveries_one_per_content", columns: [t.tenantId, t.source, t.resource, t.hash] })],
);

/** One row per pull of a resource. Written when it starts, completed when it ends; one that was killed never gets an end. */
export const sourceRuns = pgTable(
  "source_runs",
  {
    tenantId: text().notNull(),
    id: big().notNull().generatedAlwaysAsIdentity(),
    source: text().notNull(),
    resource: text().notNull(),
    startedAt: instant().notNull(),
    finishedAt: instant(),
    state: text(), // ok, partly, down or silent
    seen: integer().notNull().default(0),
    accepted: integer().notNull().default(0),
    quarantined: integer().notNull().default(0),
    watermark: text(),
    problem: text(), // code of the error
    notices: text(), // JSON
  },
  (t) => [
    primaryKey({ name: "source_runs_in_order", columns: [t.tenantId, t.id] }),
    index("source_runs_by_resource").on(t.tenantId, t.source, t.resource, t.id),
  ],
);

/** How much arrived from a resource in each hour. */
export const sourceHours = pgTable(
  "source_hours",
  {
    tenantId: text().notNull(),
    source: text().notNull(),
    resource: text().notNull(),
    hour: instant().notNull(),
    pages: integer().notNull(),
    records: integer().notNull(),
  },
  (t) => [primaryKey({ name: "source_hours_one_per_hour", columns: [t.tenantId, t.source, t.resource, t.hour] })],
);

/** Newest time that records of a resource speak of, and how far the clock of the source was ahead of ours at most. */
export const recordTimes = pgTable(
  "record_times",
  {
    tenantId: text().notNull(),
    source: text().notNull(),
    resource: text().notNull(),
    entity: text().notNull(),
    newestAt: instant().notNull(),
    aheadMs: doublePrecision().notNull(),
    aheadId: text(), // a record that is ahead
  },
  (t) => [primaryKey({ name: "record_times_one_per_entity", columns: [t.tenantId, t.source, t.resource, t.entity] })],
);

/**
 * One row per record, line or file that does not fit. It stays when it has been mended, with its state. A record
 * is named by its place in the ledger; a line that was no record has its text here, encrypted.
 */
export const quarantine = pgTable(
  "quarantine",
  {
    tenantId: text().notNull(),
    id: big().notNull().generatedAlwaysAsIdentity(),
    source: text().notNull(),
    resource: text().notNull(),
    state: text().notNull(), // open or done
    at: instant().notNull(),
    changedAt: instant().notNull(),
    rawPage: big(),
    rawIndex: integer(), // null: no record
    place: text().notNull(),
    line: integer(),
    field: text(),
    valueClass: text(), // never the value
    rule: text().notNull(), // Swedish
    code: text().notNull(),
    text: bytea(), // encrypted
    attempts: integer().notNull().default(1),
  },
  (t) => [
    primaryKey({ name: "quarantine_in_order", columns: [t.tenantId, t.id] }),
    uniqueIndex("quarantine_one_per_record")
      .on(t.tenantId, t.rawPage, t.rawIndex)
      .where(sql`${t.rawIndex} is not null`),
    index("quarantine_open")
      .on(t.tenantId, t.source, t.id)
      .where(sql`${t.state} = 'open'`),
  ],
);

/** Fields that a source sends and its record shape does not name: dropped, and reported when they first appear. */
export const unexpectedFields = pgTable(
  "unexpected_fields",
  {
    tenantId: text().notNull(),
    source: text().notNull(),
    resource: text().notNull(),
    field: text().notNull(),
    firstAt: instant().notNull(),
    lastAt: instant().notNull(),
    count: big().notNull(),
  },
  (t) => [primaryKey({ name: "unexpected_fields_one_per_name", columns: [t.tenantId, t.source, t.resource, t.field] })],
);

/** What the mapping said of a record that is a head now: a code that no table has, a time that does not exist. */
export const mappingWarnings = pgTable(
  "mapping_warnings",
  {
    tenantId: text().notNull(),
    entity: text().notNull(),
    sourceNo: smallint().notNull(),
    id: text().notNull(),
    code: text().notNull(),
    field: text().notNull(),
    codeTable: text().notNull(), // "" where there is none
    value: text().notNull(), // only of codes, else ""
  },
  (t) => [
    primaryKey({
      name: "mapping_warnings_once_per_record",
      columns: [t.tenantId, t.entity, t.sourceNo, t.id, t.code, t.field, t.codeTable, t.value],
    }),
  ],
);

/** Records that came again with the same version and other content. */
export const versionConflicts = pgTable(
  "version_conflicts",
  {
    tenantId: text().notNull(),
    entity: text().notNull(),
    sourceNo: smallint().notNull(),
    id: text().notNull(),
    version: doublePrecision().notNull(),
  },
  (t) => [
    primaryKey({
      name: "version_conflicts_one_per_version",
      columns: [t.tenantId, t.entity, t.sourceNo, t.id, t.version],
    }),
  ],
);

/** The newest complete set of a parent's rows: an older set that arrives later may not bring rows back. */
export const completeGroups = pgTable(
  "complete_groups",
  {
    tenantId: text().notNull(),
    entity: text().notNull(),
    sourceNo: smallint().notNull(),
    parent: text().notNull(),
    version: doublePrecision(),
    rawPage: big().notNull(),
    rawIndex: integer().notNull(),
  },
  (t) => [
    primaryKey({ name: "complete_groups_one_per_parent", columns: [t.tenantId, t.entity, t.sourceNo, t.parent] }),
  ],
);

/** Which content each version of a mapping had when it was first used. */
export const mappingVersions = pgTable(
  "mapping_versions",
  {
    tenantId: text().notNull(),
    source: text().notNull(),
    resource: text().notNull(),
    version: integer().notNull(),
    hash: text().notNull(),
    usedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({
      name: "mapping_versions_one_per_content",
      columns: [t.tenantId, t.source, t.resource, t.version, t.hash],
    }),
  ],
);

/** What of a tenant's ids nobody has joined, as a night found it last: to find it takes longer than a page may. */
export const aliasLists = pgTable("alias_lists", {
  tenantId: text().primaryKey(),
  at: instant().notNull(),
  content: text().notNull(), // JSON
});

/**
 * What a person has decided: an id of one source is the same client, staff member or unit as an id of another. Rows
 * are never removed; an undone one says who undid it.
 */
export const aliases = pgTable(
  "aliases",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    kind: text().notNull(), // client, staff or unit
    source: text().notNull(),
    id: text().notNull(),
    sameAsSource: text().notNull(),
    sameAsId: text().notNull(),
    validFrom: localDay(),
    validTo: localDay(), // included
    evidence: text().notNull(),
    who: text().notNull(),
    at: instant().notNull(),
    undoneAt: instant(),
    undoneBy: text(),
  },
  (t) => [
    primaryKey({ name: "aliases_in_order", columns: [t.tenantId, t.no] }),
    unique("aliases_one_decision_per_period")
      .on(t.tenantId, t.kind, t.source, t.id, t.sameAsSource, t.sameAsId, t.validFrom, t.undoneAt)
      .nullsNotDistinct(),
  ],
);

/**
 * What has changed since the last reconciliation. Kind 0: everything on `day`, or everything where it is null; 1: a
 * client, 2: a staff member, by number in `refs`, on `day` or wherever they appear.
 */
export const dirty = pgTable(
  "dirty",
  {
    tenantId: text().notNull(),
    seq: big().notNull().generatedAlwaysAsIdentity(),
    kind: smallint().notNull(),
    ref: integer(),
    day: localDay(),
  },
  (t) => [primaryKey({ name: "dirty_in_order", columns: [t.tenantId, t.seq] })],
);

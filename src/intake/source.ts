import type { Adapter, FileSource, HttpClient } from "#adapter";
import type { Mapping } from "#mapping";
import type { Database, Vault } from "#store";

/** What every step of intake works with. */
export interface Intake {
  database: Database;
  vault: Vault;
  tenantId: string;
  now: () => number;
}

/** A source of the configuration, as far as making its pages canonical needs it. */
export interface IntakeSource {
  /** Id in the configuration. */
  id: string;
  adapter: Adapter;
  /** By name of the adapter's source; null: nothing is made of it yet. */
  mapping: (resource: string) => Mapping | null;
}

/** A source that can be pulled. */
export interface PullableSource extends IntakeSource {
  settings: unknown;
  http: HttpClient;
  files: FileSource;
  /** Other headers under which this municipality's files have a field of the record shape. */
  columns?: (resource: string) => Readonly<Record<string, readonly string[]>> | undefined;
}

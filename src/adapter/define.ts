import type { z } from "zod";
import type { FileSource } from "./files.ts";
import type { HttpClient, HttpSettings } from "./http.ts";
import type { Page } from "./page.ts";

export type { BrokenRecord, Page } from "./page.ts";

export interface PullContext<Settings> {
  settings: Settings;
  /** Present where the settings name a `baseUrl`. */
  http: HttpClient;
  /** Present where the settings name a `folder` or an SFTP drop. */
  files: FileSource;
  /** From the mapping: other headers under which this municipality's files have a field of the record shape. */
  columns?: Readonly<Record<string, readonly string[]>>;
  /** What the last committed page said; null at the first pull. */
  cursor: string | null;
  now: () => number;
  signal: AbortSignal;
  /** Says something of the run that is not an error, such as an unlicensed resource. Swedish, without personal data. */
  notice: (code: string, text: string) => void;
}

/** A file that a system sends over HTTP. */
export interface Delivery {
  /** The file's name as the sender gives it. */
  name: string;
  content: AsyncIterable<Uint8Array>;
  notice: (code: string, text: string) => void;
  /** A longer file is refused. */
  bytesMax?: number;
}

export interface Source<Settings> {
  /** The shape of a record as the system sends it. Fields that it does not name are dropped before anything is stored. */
  record: z.ZodType;
  /** How often the system delivers when nothing is wrong, in hours; null: learned. */
  everyHours?: number | null;
  pull: (context: PullContext<Settings>) => AsyncIterable<Page>;
}

export interface Adapter<Settings = unknown> {
  id: string;
  title: string;
  reference: string;
  /** `meta({ secret: true })` marks what is never shown or logged. */
  settings: z.ZodType<Settings>;
  /** How `http` is opened beyond `settings.baseUrl`: what stands in every query or header, certificates, limits. */
  connection?: (settings: Settings) => Partial<Omit<HttpSettings, "baseUrl">>;
  /** What is known of the system from public sources, and what is assumed; one sentence each. */
  known: readonly string[];
  assumed: readonly string[];
  /** Reads what is sent to us instead of pulled. Throws InvalidFile where the name says no source. */
  upload?: (delivery: Delivery) => { source: string; pages: AsyncIterable<Page> };
  /** In the order in which they are pulled: what others refer to comes first. */
  sources: Readonly<Record<string, Source<Settings>>>;
}

/** Checks the declaration's types; `Settings` follows from its schema. */
export function defineAdapter<Schema extends z.ZodType>(
  adapter: Omit<Adapter<z.infer<Schema>>, "settings"> & { settings: Schema },
): Adapter<z.infer<Schema>> {
  return adapter as Adapter<z.infer<Schema>>;
}

import type { z } from "zod";
import type { FileSource } from "./files.ts";
import type { HttpClient, HttpSettings } from "./http.ts";

/** One page of records, unchecked. `cursor` is stored only in the transaction that stores the page's records. */
export interface Page {
  records: readonly unknown[];
  /** Where the next pull goes on; null leaves the stored cursor as it is. */
  cursor: string | null;
  /** Where the page came from, for messages: a file name, or a path without its query. */
  place: string;
  /** Line or position of each record in `place`; without it records are counted from 1. */
  lines?: Int32Array;
  /** Lines that could not be read as a record at all; kept in quarantine. `text` is at most 64 kB. */
  broken?: readonly BrokenRecord[];
  /** Names of fields that the delivery has and the record shape does not; already dropped. Once per delivery. */
  unexpected?: readonly string[];
  /** Hash of the whole delivery (file), to recognise one that has been seen; hex SHA-256. */
  delivery?: string;
  /** The last page of `delivery`: with its commit the delivery counts as seen, not before. */
  deliveryComplete?: boolean;
  /** All ids that the source has now: what is stored and not listed has vanished there (weekly comparison). */
  completeIds?: readonly string[];
  /** Called after the page is committed: archive the file, acknowledge the delivery. May be called again after a crash. */
  committed?: () => Promise<void>;
}

export interface BrokenRecord {
  line: number;
  /** The rule that it broke, in Swedish words for the operator, without values. */
  reason: string;
  text: string;
}

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

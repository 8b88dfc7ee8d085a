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
  /**
   * All ids that the source has now: what is stored and not listed has vanished there (weekly comparison). Rows that a
   * mapping gives a parent are listed by the parent's id.
   */
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

/** A file of an inbox that is complete: its size and time have not changed for `settleSeconds`. */
export interface InboxFile {
  name: string;
  bytes: number;
  modifiedAt: number;
  /** Hex SHA-256 of the content. */
  hash(): Promise<string>;
  /** The content as UTF-8 text without BOM, whatever its encoding was (UTF-8 with or without BOM, UTF-16 with BOM, Windows-1252). */
  text(): AsyncIterable<string>;
  bytesStream(): AsyncIterable<Buffer>;
  /** Moves the file to `archive/`, encrypted; done after the last page is committed. */
  archive(): Promise<void>;
}

/** A folder or an SFTP drop. */
export interface FileSource {
  /** Complete files whose name fits, oldest name first. */
  list(pattern: RegExp): Promise<InboxFile[]>;
}

export { type Columns, type CsvOptions, InvalidFile, type RecordPage, readCsv } from "./csv.ts";
export * from "./define.ts";
export * from "./files.ts";
export * from "./http.ts";
export * from "./xml.ts";
export { InboxUnavailable } from "./drop.ts";
export { type LinesOptions, readJsonLines } from "./lines.ts";
export { decodeText } from "./text.ts";

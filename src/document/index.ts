export { type Cell, plainText } from "./text.ts";
export { csvStream, csvText } from "./csv.ts";
export { type ArchiveFile, zip } from "./zip.ts";
export { xlsxStream } from "./xlsx.ts";
export { type Block, pdfA } from "./pdf.ts";

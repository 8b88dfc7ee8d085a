export const ATTACHMENT_BYTES_MAX = 10 * 2 ** 20;

/** What may be attached, by the media type that a content shows itself to be. */
export const attachmentTypes = {
  "application/pdf": "PDF",
  "image/png": "PNG",
  "image/jpeg": "JPEG",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
  "text/plain": "Text",
} as const;
export type AttachmentType = keyof typeof attachmentTypes;

const begins = (content: Uint8Array, ...bytes: number[]): boolean => bytes.every((byte, at) => content[at] === byte);

/** The media type of a content, told by the content alone; null where it is none that may be attached. */
export function attachmentType(content: Uint8Array): AttachmentType | null {
  if (begins(content, 0x25, 0x50, 0x44, 0x46, 0x2d)) return "application/pdf";
  if (begins(content, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (begins(content, 0xff, 0xd8, 0xff)) return "image/jpeg";
  if (begins(content, 0x50, 0x4b, 0x03, 0x04)) return officeType(content);
  return isText(content) ? "text/plain" : null;
}

/** Names of a zip archive's files stand in it as they are. One with macros is none that may be attached. */
function officeType(content: Uint8Array): AttachmentType | null {
  const names = new TextDecoder("latin1").decode(content);
  if (!names.includes("[Content_Types].xml") || names.includes("vbaProject")) return null;
  if (names.includes("word/document.xml"))
    return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  if (names.includes("xl/workbook.xml")) return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  return null;
}

function isText(content: Uint8Array): boolean {
  if (content.length === 0) return false;
  try {
    return !/[\u0000-\u0008\u000e-\u001f\u007f]/.test(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch {
    return false;
  }
}

/** A file's name without folders, and without marks that would make it read as another. */
export function attachmentName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const plain = last.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "").trim();
  return Array.from(plain).slice(-120).join("") || "bilaga";
}

/** Control characters and marks of direction: they make a text read as another than it is. */
const misleading =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g;

/** A text as it may stand in a document, whoever wrote it: marks that mislead show as "\ufffd", lines end with "\n". */
export const plainText = (text: string): string =>
  text.toWellFormed().replaceAll(/\r\n?/g, "\n").replaceAll(misleading, "\ufffd");

export type Cell = string | number | null;

/** True where a spreadsheet could take a text for a formula; a negative number is none. */
export const readsAsFormula = (text: string): boolean =>
  /^[\t\r\n]|^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]/.test(text) && !/^-\d+([.,]\d+)?$/.test(text);

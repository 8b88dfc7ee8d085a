/**
 * Swedish personal identity numbers (personnummer) and coordination numbers (samordningsnummer).
 * Form and check digit: Skatteverket, SKV 704 and SKV 707, read 2026-11-22.
 */

export type PersonalIdentity =
  /** `birthDate` is null where the number does not give one (coordination numbers may not). */
  | { kind: "personal" | "coordination"; number: string; birthDate: string | null }
  /** A reserve number of a source system, such as 19900101TF03: kept as it stands, without a birth date. */
  | { kind: "local"; number: string; birthDate: null };

function luhn(nine: string): number {
  let sum = 0;
  for (let position = 0; position < 9; position++) {
    const product = Number(nine[position]) * (position % 2 === 0 ? 2 : 1);
    sum += product > 9 ? product - 9 : product;
  }
  return (10 - (sum % 10)) % 10;
}

/** The check digit of nine digits YYMMDDNNN. */
export const checkDigit = luhn;

function realDate(year: number, month: number, dayOfMonth: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, dayOfMonth));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth;
}

/**
 * Reads a number written with or without century, hyphen or plus sign. `thisYear` decides the century of a
 * ten-digit number: "-" is the latest that has passed, "+" a hundred years before.
 * Null where it is neither a valid number nor a reserve number with letters.
 */
export function parsePersonalIdentity(text: string, thisYear: number): PersonalIdentity | null {
  const trimmed = text.trim().toUpperCase();
  const found = /^(\d{2})?(\d{2})(\d{2})(\d{2})([-+]?)(\d{3})(\d)$/.exec(trimmed);
  if (found === null) {
    const local = trimmed.replace(/[\s-]/g, "");
    return /^(?=.*[A-ZÅÄÖ])[A-ZÅÄÖ0-9]{6,20}$/.test(local) ? { kind: "local", number: local, birthDate: null } : null;
  }
  const [, century, yy = "", mm = "", dd = "", sign, serial = "", check = ""] = found;
  if (luhn(yy + mm + dd + serial) !== Number(check)) return null;
  let year = Number((century ?? "00") + yy);
  if (century === undefined) {
    year = Math.floor(thisYear / 100) * 100 + Number(yy);
    if (year > thisYear) year -= 100;
    if (sign === "+") year -= 100;
  }
  const month = Number(mm);
  const dayOfMonth = Number(dd);
  const number = `${String(year).padStart(4, "0")}${mm}${dd}${serial}${check}`;
  if (dayOfMonth >= 60) {
    // Month 00, day 60 and impossible days were issued: all that pass the check digit are valid.
    const known = month >= 1 && dayOfMonth > 60 && realDate(year, month, dayOfMonth - 60);
    return {
      kind: "coordination",
      number,
      birthDate: known ? `${number.slice(0, 4)}-${mm}-${String(dayOfMonth - 60).padStart(2, "0")}` : null,
    };
  }
  if (month < 1 || !realDate(year, month, dayOfMonth)) return null;
  return { kind: "personal", number, birthDate: `${number.slice(0, 4)}-${mm}-${dd}` };
}

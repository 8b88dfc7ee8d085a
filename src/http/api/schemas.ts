import { z } from "zod";
import { day, formatDay, formatInstant, type Day, type Instant } from "#model";

/*
 * What programs are given, in the words of the interface. Every schema with an id stands once in its description.
 */

export const date = z.iso.date().meta({ examples: ["2026-10-05"] });
export const time = z.iso.datetime().meta({ examples: ["2026-10-05T06:00:12.000Z"] });
export const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
  .meta({ description: "A month, YYYY-MM.", examples: ["2026-10"] });

const letters = "[A-Za-z0-9_-]{22}";
const opaque = (prefix: string, description: string, example: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_${letters}$`))
    .meta({ description, examples: [`${prefix}_${example}`] });

export const orderId = opaque("ord", "An order, as this client knows it.", "q2m7G0cJx1rY4uV8bN3sTA");
export const clientId = opaque("cli", "A client (brukare), as this API client knows them.", "Zk0f3vXy8Wq1LhT6mR2eUg");
export const versionId = opaque("ver", "What an order said at one time.", "h8Jd2LqPz5TnY0wK7cVbEQ");
export const cursorId = opaque("cur", "Where to go on. Means nothing else.", "pX4sN9aUe2KfB6tGm1RzCw");

export const cursorQuery = (description: string) => ({
  cursor: cursorId.optional().meta({ description }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: "How many at most." }),
});

export const dayText = (value: Day | null): string | null => (value === null ? null : formatDay(value));
export const timeText = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
export const dayFrom = (text: string): Day => day(text);

/** A list of reasons that a body may name, each with its Swedish words. */
export function reasonCode<Reasons extends Record<string, string>>(reasons: Reasons, description: string) {
  const codes = Object.keys(reasons) as Array<keyof Reasons & string>;
  const list = codes.map((code) => `\`${code}\`: ${reasons[code]}`).join("; ");
  return z.enum(codes as [keyof Reasons & string]).meta({ description: `${description} ${list}.` });
}

import { z } from "zod";

/**
 * What Klarsyn reads of each record of CareFox. E-mail, telephone, street address, educations, languages and the rest
 * are known, and dropped before anything is stored.
 */

function dropped<Name extends string>(...names: Name[]): Record<Name, z.ZodOptional<z.ZodNever>> {
  return Object.fromEntries(names.map((name) => [name, z.never().optional()])) as Record<
    Name,
    z.ZodOptional<z.ZodNever>
  >;
}

const id = z.union([z.string(), z.number()]);
const text = z.string().nullish();
/** Names; they may be dotted (`Stockholm.Syd`). */
const units = z.array(z.string()).nullish();
/** Assumed: every record says when it changed, and stays as deleted when it is. */
const changed = { updatedAt: text, deleted: z.boolean().nullish() };

export const employee = z.object({
  id,
  name: text,
  units,
  ...changed,
  ...dropped("email", "phone", "contractType", "transportMode", "delegations", "educations", "languages", "attributes"),
});

export const patient = z.object({ id, name: text, ...changed, ...dropped("address", "attributes", "units") });

export const visit = z.object({
  id,
  patientId: id.nullish(),
  employeeId: id.nullish(),
  unit: text,
  type: text,
  startTime: text,
  endTime: text,
  cancelled: z.boolean().nullish(),
  ...changed,
  ...dropped("duration"),
});

export const shift = z.object({ id, employeeId: id.nullish(), startTime: text, endTime: text, ...changed });

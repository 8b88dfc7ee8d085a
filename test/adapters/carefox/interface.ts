/**
 * CareFox's objects as a third party lists their fields, written without a look at the adapter's record shapes: what
 * the simulator sends must fit them. What is assumed beyond them stands apart.
 */
import { z } from "zod";

const id = z.union([z.string().min(1), z.int()]);
const time = z.iso.datetime({ offset: true });
const unit = z.string().regex(/^[\p{L}\d]+(\.[\p{L}\d]+)*$/u);

const assumed = { updatedAt: time, deleted: z.literal(true).optional() };

const employees = z.strictObject({
  id,
  name: z.string().min(1),
  email: z.email(),
  phone: z.string(),
  contractType: z.string(),
  transportMode: z.string(),
  delegations: z.array(z.unknown()),
  educations: z.array(z.unknown()),
  languages: z.array(z.unknown()),
  attributes: z.array(z.unknown()),
  units: z.array(unit),
  ...assumed,
});

const patients = z.strictObject({
  id,
  name: z.string().min(1),
  address: z.string(),
  attributes: z.array(z.unknown()),
  units: z.array(unit),
  ...assumed,
});

const visits = z
  .strictObject({
    id,
    patientId: id,
    employeeId: id.optional(),
    type: z.string(),
    /** Minutes. */
    duration: z.int().min(0),
    startTime: time,
    endTime: time,
    ...assumed,
    unit,
    cancelled: z.boolean(),
  })
  .refine(
    ({ startTime, endTime, duration }) =>
      Math.abs(Date.parse(endTime) - Date.parse(startTime) - duration * 60_000) <= 30_000,
  );

const shifts = z.strictObject({ id, employeeId: id, startTime: time, endTime: time, ...assumed });

/** What a page of each resource is a list of. */
export const objects = { employees, patients, visits, shifts };

import { z } from "zod";
import { entities, type EntityName } from "#model";

/** Entities with a file of their own; lines stand inside their orders. In the order in which they refer to each other. */
export const fileEntities = [
  "services",
  "providers",
  "units",
  "contracts",
  "clients",
  "staff",
  "tags",
  "decisions",
  "orders",
  "service-plans",
  "absences",
  "shifts",
  "planned-visits",
  "visits",
  "lock-events",
  "deviations",
  "meals",
  "claims",
] as const satisfies ReadonlyArray<EntityName>;
export type FileEntity = (typeof fileEntities)[number];

/** JSON has numbers and booleans, CSV only text; the mapping reads both. */
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]).optional();
const list = z.union([z.array(z.union([z.string(), z.number()])), z.string(), z.number(), z.null()]).optional();
const id = z.union([z.string().min(1), z.number()]);

/** Names the fields of a nested value without judging their values: the mapping does, with the field's place. */
function named(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return named(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodDefault) return named(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodArray) return z.union([z.array(named(schema.element as z.ZodType)), z.null()]).optional();
  // An object that refuses what it does not know is judged whole, so that the refusal can name the key.
  const whole = schema instanceof z.ZodRecord || (schema instanceof z.ZodObject && schema.def.catchall !== undefined);
  if (whole) return z.union([z.record(z.string(), z.unknown()), z.null()]).optional();
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.ZodType>;
    return z.object(Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, named(field)])));
  }
  return value;
}

function fieldsOf(entity: EntityName): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(entities[entity].fields).map(([name, field]) => {
      if (field.kind === "codes") return [name, list];
      return [name, field.kind === "json" ? named(field.schema as unknown as z.ZodType) : value];
    }),
  );
}

const { orderId: _order, ...lineFields } = fieldsOf("order-lines");
const orderLines = z.union([z.array(z.object({ id, ...lineFields })), z.null()]).optional();

/** A record of the interchange format; a tombstone has only id and deleted. */
function recordOf(entity: FileEntity): z.ZodObject {
  return z.object({
    // The municipality's code is the id of a service.
    id: entity === "services" ? id.nullish() : id,
    version: value,
    deleted: value,
    ...fieldsOf(entity),
    ...(entity === "orders" ? { lines: orderLines } : {}),
  });
}

export const records = Object.fromEntries(fileEntities.map((entity) => [entity, recordOf(entity)])) as Record<
  FileEntity,
  z.ZodObject
>;

/** Fields that hold objects or lists of them: only JSON Lines can. */
export function nestedFields(entity: FileEntity): string[] {
  const nested = Object.entries(entities[entity].fields).filter(([, field]) => field.kind === "json");
  return [...nested.map(([name]) => name), ...(entity === "orders" ? ["lines"] : [])];
}

/** Fields that every record has that is not a tombstone. */
export function requiredFields(entity: FileEntity): string[] {
  const required = Object.entries(entities[entity].fields).filter(([, field]) => !field.optional);
  return [
    ...(entity === "services" ? [] : ["id"]),
    ...required.map(([name]) => name),
    ...(entity === "orders" ? ["lines"] : []),
  ];
}

/** The entity whose file this is: its name alone, or followed by "-" or "." and anything. Null: none. */
export function entityOfFile(name: string): FileEntity | null {
  return fileEntities.find((entity) => filePattern(entity).test(name)) ?? null;
}

export function filePattern(entity: FileEntity): RegExp {
  return new RegExp(`^${entity}(?:[-.].*)?\\.(?:jsonl|ndjson|csv)$`, "iu");
}

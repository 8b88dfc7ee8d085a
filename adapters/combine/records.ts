import { z } from "zod";

/**
 * What Klarsyn reads of each record of Combine's documents, as the XML reader hands it out: attributes and plain
 * elements are texts, repeated elements lists. Names of people, addresses and notes are not named and so never kept.
 */

const text = z.string();
const maybe = text.optional();
/** An empty element (`<Beslut/>`) is read as an empty text and says nothing. */
const maybeElement = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());

const person = z.object({ personnummer: text });
const provider = z.object({ orgnr: maybe, enhet: text });

export const order = z.object({
  id: text,
  version: text,
  andrad: maybe,
  Brukare: person,
  Utforare: provider,
  Beslut: maybeElement(
    z.object({ id: text, datum: text, lag: text, fran: text, till: maybe, insats: maybe, minuterPerManad: maybe }),
  ),
  Bestalld: text,
  Accepterad: maybe,
  Giltig: z.object({ fran: text, till: maybe }),
  Status: text,
  Insats: z
    .array(
      z.object({
        kod: text,
        minuter: text,
        antal: text,
        period: text,
        veckodagar: maybe,
        delAvDygn: maybe,
        bemanning: maybe,
      }),
    )
    .optional(),
});

export const execution = z.object({
  id: text,
  version: text,
  bestallning: maybe,
  Brukare: person,
  Utforare: provider,
  Verkstalld: maybe,
  Avslutad: maybe,
  Genomforandeplan: maybeElement(z.object({ id: text, upprattad: text, uppfoljning: maybe, delaktig: maybe })),
});

const side = z.object({ tid: text, kvittens: maybe, tagg: maybe, ursprunglig: maybe });

export const visit = z.object({
  id: text,
  version: text,
  borttagen: maybe,
  mottagen: maybe,
  Brukare: person,
  Utforare: provider,
  Personal: maybeElement(z.object({ id: text })),
  Bestallning: maybeElement(z.object({ id: text })),
  Planerat: maybeElement(z.object({ id: text })),
  Start: side,
  Slut: maybeElement(side),
  Status: text,
  Orsak: maybe,
  Anmalt: maybe,
  Insats: z.array(z.object({ kod: text })).optional(),
  Telefon: maybeElement(z.object({ id: text })),
  Dubbelbemanning: maybe,
  Grupp: maybe,
  Andring: maybeElement(z.object({ tid: text, av: maybe, orsak: maybe })),
  Godkand: maybe,
});

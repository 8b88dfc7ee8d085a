/**
 * Combine's interface as its description says it, written without a look at the adapter's record shapes: what the
 * simulator sends must fit it. "@" marks attributes. Strict where the description is complete; where it ends in "…",
 * more may follow.
 */
import { z } from "zod";

/** `GET /financialfiles/…` and, assumed, `/files/…`. */
export const fileList = z.strictObject({
  DtoFinancialFile: z.array(
    z.strictObject({
      Id: z.string().min(1),
      Name: z.string().min(1),
      Description: z.string(),
      Href: z.url(),
      CreatedDate: z.iso.datetime({ local: true }),
    }),
  ),
});

const number = z.string().regex(/^\d{1,9}$/);
const oneOrMany = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.array(schema).min(2)]);

const brukare = z.strictObject({ "@personnummer": z.string().regex(/^\d{12}$/) });
const utforare = z.strictObject({ "@orgnr": z.string().regex(/^\d{6}-?\d{4}$/), "@enhet": z.string().min(1) });

const orders = z.strictObject({
  "?xml": z.unknown(),
  Bestallningar: z.strictObject({
    Bestallning: oneOrMany(
      z.object({
        "@id": z.string().min(1),
        "@version": number,
        Brukare: brukare,
        Utforare: utforare,
        Beslut: z.object({ "@id": z.string().min(1), "@datum": z.iso.date(), "@lag": z.enum(["SoL", "LSS", "HSL"]) }),
        Giltig: z.strictObject({ "@fran": z.iso.date(), "@till": z.iso.date().optional() }),
        Status: z.string().min(1),
        Insats: oneOrMany(
          z.strictObject({
            "@kod": z.string().min(1),
            "@minuter": number,
            "@antal": number,
            "@period": z.string().min(1),
            "@veckodagar": z
              .string()
              .regex(/^[1-7](,[1-7])*$/)
              .optional(),
            "@delAvDygn": z.string().optional(),
            "@bemanning": z.enum(["1", "2"]).optional(),
          }),
        ).optional(),
      }),
    ),
  }),
});

const instant = z.iso.datetime({ offset: true });
const side = z.strictObject({
  "@tid": instant,
  "@kvittens": z.enum(["Lås", "NFC", "Bluetooth", "GPS", "Telefon", "Manuell", "Ingen"]).optional(),
  "@tagg": z.string().optional(),
  "@ursprunglig": instant.optional(),
});

/** Assumed in full: the README's dialect. */
const executions = z.strictObject({
  "?xml": z.unknown(),
  Verkstalligheter: z.strictObject({
    Verkstallighet: oneOrMany(
      z.strictObject({
        "@id": z.string().min(1),
        "@version": number,
        "@bestallning": z.string().optional(),
        Brukare: brukare,
        Utforare: utforare,
        Verkstalld: z.iso.date().optional(),
        Avslutad: z.iso.date().optional(),
        Genomforandeplan: z
          .strictObject({
            "@id": z.string().min(1),
            "@upprattad": z.iso.date(),
            "@uppfoljning": z.iso.date().optional(),
            "@delaktig": z.enum(["J", "N"]).optional(),
          })
          .optional(),
      }),
    ),
  }),
});

const named = z.strictObject({ "@id": z.string().min(1) });

/** Assumed in full: the README's dialect. */
const visits = z.strictObject({
  "?xml": z.unknown(),
  Besokslista: z.strictObject({
    Besok: oneOrMany(
      z.strictObject({
        "@id": z.string().min(1),
        "@version": number,
        "@borttagen": z.enum(["J", "N"]).optional(),
        "@mottagen": instant.optional(),
        Brukare: brukare,
        Utforare: utforare,
        Personal: named.optional(),
        Bestallning: named.optional(),
        Planerat: named.optional(),
        Start: side,
        Slut: side.optional(),
        Status: z.enum(["Påbörjat", "Utfört", "Avböjt", "Inställt", "Bom"]),
        Orsak: z.string().optional(),
        Anmalt: z.string().optional(),
        Insats: oneOrMany(z.strictObject({ "@kod": z.string().min(1) })).optional(),
        Telefon: named.optional(),
        Dubbelbemanning: z.enum(["J", "N"]).optional(),
        Grupp: z.string().optional(),
        Andring: z
          .strictObject({ "@tid": instant, "@av": z.string().optional(), "@orsak": z.string().optional() })
          .optional(),
        Godkand: z.enum(["J", "N"]).optional(),
      }),
    ),
  }),
});

/** What a file of each queue holds. */
export const documents = { orders, executions, visits };

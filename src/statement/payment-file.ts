import { parse } from "yaml";
import { z } from "zod";
import { csvText } from "#document";
import type { Payment } from "./payment.ts";

const kronor =
  (of: (payment: Payment) => number) =>
  (payment: Payment): number =>
    of(payment) / 100;

/** What a column of a payment file may hold. */
const facts = {
  month: ({ month }: Payment) => month,
  provider: ({ provider }: Payment) => provider,
  name: ({ name }: Payment) => name,
  organisationNumber: ({ organisationNumber }: Payment) => organisationNumber,
  invoiced: kronor(({ invoicedOre }) => invoicedOre),
  selfBilled: kronor(({ selfBilledOre }) => selfBilledOre),
  held: kronor(({ heldOre }) => heldOre),
  added: kronor(({ addedOre }) => addedOre),
  claimedBack: kronor(({ claimedBackOre }) => claimedBackOre),
  pay: kronor(({ payOre }) => payOre),
} as const;
type Fact = keyof typeof facts;
const factNames = Object.keys(facts) as Fact[];

const mapping = z.strictObject({
  separator: z.enum([";", ",", "\t"]).default(";"),
  decimal: z.enum([",", "."]).default(","),
  columns: z
    .array(
      z.union([
        z.strictObject({ title: z.string(), from: z.enum(factNames) }),
        z.strictObject({ title: z.string(), value: z.string() }),
      ]),
    )
    .min(1),
});
export type PaymentMapping = z.infer<typeof mapping>;

/** Columns for a municipality that has not said which its ledger takes. */
export const usualPaymentMapping: PaymentMapping = {
  separator: ";",
  decimal: ",",
  columns: [
    { title: "Månad", from: "month" },
    { title: "Utförare", from: "provider" },
    { title: "Namn", from: "name" },
    { title: "Organisationsnummer", from: "organisationNumber" },
    { title: "Godkänd faktura", from: "invoiced" },
    { title: "Självfaktura", from: "selfBilled" },
    { title: "Hålls inne", from: "held" },
    { title: "Tillägg för tidigare månader", from: "added" },
    { title: "Återkrav för tidigare månader", from: "claimedBack" },
    { title: "Att betala", from: "pay" },
  ],
};

/** Reads a mapping of payment files: a list of columns with a title and what it holds. Throws with every fault. */
export function paymentMapping(yaml: string): PaymentMapping {
  const checked = mapping.safeParse(parse(yaml));
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`);
  throw new RangeError(
    `${faults.join("; ")}. A column is { title, from } with from one of ${factNames.join(", ")}, or { title, value }.`,
  );
}

/** One row a provider. */
export function paymentCsv(payments: readonly Payment[], { separator, decimal, columns }: PaymentMapping): string {
  const rows = payments.map((payment) =>
    columns.map((column) => {
      const value = "from" in column ? facts[column.from](payment) : column.value;
      return typeof value === "number" ? value.toFixed(2).replace(".", decimal) : value;
    }),
  );
  return csvText([columns.map(({ title }) => title), ...rows], separator);
}

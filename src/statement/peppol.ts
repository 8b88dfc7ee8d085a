import { XMLBuilder } from "fast-xml-parser";
import { daysOfMonth, formatDay, type LocalDate } from "#model";
import type { Payment } from "./payment.ts";

/*
 * A self-billed invoice or credit note in Peppol BIS Self-Billing 3.0 (UBL 2.1, EN 16931), which the municipality issues in
 * the provider's name where the contract says so. Known: the identifiers of the profile, type codes 389 and 261, the rules
 * on line sums. Assumed: care at home is exempt from VAT (category E), and the provider is approved for F-tax.
 */

const profile = {
  customization: "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0",
  process: "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0",
} as const;
const namespaces = {
  "@_xmlns:cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
  "@_xmlns:cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
};

export interface PeppolParties {
  buyer: { name: string; organisationNumber: string };
  seller: { name: string; organisationNumber: string };
}

const digitsOf = (number: string): string => number.replace(/\D/g, "").slice(-10);
const money = (ore: number): { "@_currencyID": string; "#text": string } => ({
  "@_currencyID": "SEK",
  "#text": (ore / 100).toFixed(2),
});

/** What a provider is billed for in its own name: an invoice, or a credit note where more is taken back than paid. */
export function selfBilling(
  payment: Payment,
  { buyer, seller }: PeppolParties,
  { number, issued }: { number: string; issued: LocalDate },
): string {
  const total = payment.selfBilled.reduce((sum, { ore }) => sum + ore, 0);
  const credit = total < 0;
  const sign = credit ? -1 : 1;
  const root = credit ? "CreditNote" : "Invoice";
  const { first, last } = daysOfMonth(payment.month);
  const amount = money(sign * total);
  const category = {
    "cbc:ID": "E",
    "cbc:Percent": "0",
    "cbc:TaxExemptionReason": "Social omsorg, undantagen från mervärdesskatt",
    "cac:TaxScheme": { "cbc:ID": "VAT" },
  };
  const { "cbc:TaxExemptionReason": _reason, ...lineCategory } = category;
  const document = {
    "?xml": { "@_version": "1.0", "@_encoding": "UTF-8" },
    [root]: {
      "@_xmlns": `urn:oasis:names:specification:ubl:schema:xsd:${root}-2`,
      ...namespaces,
      "cbc:CustomizationID": profile.customization,
      "cbc:ProfileID": profile.process,
      "cbc:ID": number,
      "cbc:IssueDate": issued,
      ...(credit ? { "cbc:CreditNoteTypeCode": "261" } : { "cbc:InvoiceTypeCode": "389" }),
      "cbc:DocumentCurrencyCode": "SEK",
      "cbc:BuyerReference": `Hemtjänst ${payment.month}`,
      "cac:InvoicePeriod": { "cbc:StartDate": formatDay(first), "cbc:EndDate": formatDay(last) },
      "cac:AccountingSupplierParty": party(seller, {
        "cbc:CompanyID": "Godkänd för F-skatt",
        "cac:TaxScheme": { "cbc:ID": "TAX" },
      }),
      "cac:AccountingCustomerParty": party(buyer, null),
      "cac:PaymentTerms": { "cbc:Note": "Enligt avtalet" },
      "cac:TaxTotal": {
        "cbc:TaxAmount": money(0),
        "cac:TaxSubtotal": { "cbc:TaxableAmount": amount, "cbc:TaxAmount": money(0), "cac:TaxCategory": category },
      },
      "cac:LegalMonetaryTotal": {
        "cbc:LineExtensionAmount": amount,
        "cbc:TaxExclusiveAmount": amount,
        "cbc:TaxInclusiveAmount": amount,
        "cbc:PayableAmount": amount,
      },
      [`cac:${root}Line`]: payment.selfBilled.map(({ title, minutes, ore }, position) => ({
        "cbc:ID": String(position + 1),
        // The sum of a line must be its quantity times its price; öre are rounded by day, so the price is the sum.
        [credit ? "cbc:CreditedQuantity" : "cbc:InvoicedQuantity"]: {
          "@_unitCode": "C62",
          "#text": String(sign * Math.sign(ore)),
        },
        "cbc:LineExtensionAmount": money(sign * ore),
        "cac:Item": {
          ...(minutes === null
            ? {}
            : { "cbc:Description": `${Math.round(minutes * 100) / 100} minuter`.replace(".", ",") }),
          "cbc:Name": title,
          "cac:ClassifiedTaxCategory": lineCategory,
        },
        "cac:Price": { "cbc:PriceAmount": money(Math.abs(ore)) },
      })),
    },
  };
  return new XMLBuilder({ ignoreAttributes: false, format: true, suppressEmptyNode: true }).build(document) as string;
}

function party({ name, organisationNumber }: { name: string; organisationNumber: string }, tax: object | null): object {
  const digits = digitsOf(organisationNumber);
  // 0007: Swedish organisation numbers.
  return {
    "cac:Party": {
      "cbc:EndpointID": { "@_schemeID": "0007", "#text": digits },
      "cac:PartyName": { "cbc:Name": name },
      "cac:PostalAddress": { "cac:Country": { "cbc:IdentificationCode": "SE" } },
      ...(tax === null ? {} : { "cac:PartyTaxScheme": tax }),
      "cac:PartyLegalEntity": {
        "cbc:RegistrationName": name,
        "cbc:CompanyID": { "@_schemeID": "0007", "#text": digits },
      },
    },
  };
}

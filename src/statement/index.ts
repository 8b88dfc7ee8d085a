export * from "./statement.ts";
export { bandText, kronor, minutesText, signed, stepText, stepTitles, visitTitles } from "./words.ts";
export { statementCsv, statementRows, statementText } from "./csv.ts";
export { statementPdf } from "./pdf.ts";
export { statementXlsx } from "./xlsx.ts";
export { type Payment, paymentOf } from "./payment.ts";
export { paymentCsv, paymentMapping, usualPaymentMapping } from "./payment-file.ts";
export { selfBilling } from "./peppol.ts";

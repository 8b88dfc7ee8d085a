import type { ShownAnswer } from "./endpoints.ts";

/** What went wrong with an attempt. */
const errors: Readonly<Record<string, string>> = {
  internal: "kunde inte skickas härifrån",
  address: "adressen är inte tillåten",
  dns: "namnet har ingen adress",
  refused: "tar inte emot anslutningar",
  timeout: "svarade inte i tid",
  tls: "certifikatet godtas inte",
  reset: "bröt anslutningen",
  garbage: "svaret gick inte att läsa",
  redirect: "hänvisar vidare",
  status: "svarade med fel",
};

/** How a receiver answered: "mottaget (204), 31 ms". */
export const answerText = ({ status, error, ms }: ShownAnswer): string =>
  `${error === null ? "mottaget" : (errors[error] ?? error)}${status === null ? "" : ` (${status})`}, ${ms} ms`;

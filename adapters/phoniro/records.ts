import { z } from "zod";

// Column names are assumed: no public description names them (read 2026-11-22). A municipality whose files have other
// headers names them under "columns" in its mapping.

const cell = z.string().optional();
const needed = z.string().min(1);

/** One row of the visits file. */
export const visitRow = z.object({
  BesöksId: needed,
  Enhet: needed,
  Brukarnr: cell,
  Personnummer: cell,
  Besöksdatum: needed,
  Starttid: needed,
  Sluttid: cell,
  Längd: cell,
  Insatser: cell,
  "Beviljad tid": cell,
  "Planerad start": cell,
  "Planerad slut": cell,
  Personalnr: cell,
  "Kvittens start": cell,
  "Kvittens slut": cell,
  Avböjt: cell,
  Orsak: cell,
  Dubbelbemanning: cell,
  Godkänd: cell,
  "Ursprunglig start": cell,
  "Ursprunglig slut": cell,
  "Ändrad av": cell,
  "Ändrad tid": cell,
  Telefon: cell,
  Registrerad: cell,
});

/** Columns of the visits file that nothing reads: names, free text, and who approved. Dropped before anything is stored. */
export const visitColumnsDropped = ["Utförare", "Personal", "Godkänd av", "Kommentar"];

/** One row of the lock log. */
export const lockLogRow = z.object({
  Tidpunkt: needed,
  LåsId: needed,
  Brukarnr: cell,
  Personalnr: cell,
  Händelse: needed,
  Telefon: cell,
});

// Written from the interface description alone (read 2026-11-22), without looking at the adapter: what a file of
// Phoniro Care may hold. The simulator's files are held against it.

const visits = [
  ["BesöksId", /^[^;"]+$/],
  ["Enhet", /^.+$/],
  ["Utförare", /^.*$/],
  ["Brukarnr", /^\d*$/],
  ["Personnummer", /^(\d{8}([0-9]{4}|[A-Z]{2}\d{2}))?$/],
  ["Besöksdatum", /^\d{4}-\d{2}-\d{2}$/],
  ["Starttid", /^\d{2}:\d{2}(:\d{2})?$/],
  ["Sluttid", /^(\d{2}:\d{2}(:\d{2})?)?$/],
  ["Längd", /^-?\d*$/],
  ["Insatser", /^[^;]*$/],
  ["Beviljad tid", /^.*$/],
  ["Planerad start", /^(\d{2}:\d{2})?$/],
  ["Planerad slut", /^(\d{2}:\d{2})?$/],
  ["Personal", /^.*$/],
  ["Personalnr", /^\d*$/],
  ["Kvittens start", /^(Lås|NFC|Manuell|Telefon|)$/],
  ["Kvittens slut", /^(Lås|NFC|Manuell|Telefon|)$/],
  ["Avböjt", /^[JN]$/],
  ["Orsak", /^.*$/],
  ["Dubbelbemanning", /^[JN]$/],
  ["Godkänd", /^[JN]$/],
  ["Godkänd av", /^.*$/],
  ["Ursprunglig start", /^(\d{2}:\d{2}(:\d{2})?)?$/],
  ["Ursprunglig slut", /^(\d{2}:\d{2}(:\d{2})?)?$/],
  ["Ändrad av", /^.*$/],
  ["Ändrad tid", /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})?$/],
  ["Kommentar", /^.*$/],
  ["Telefon", /^.*$/],
  ["Registrerad", /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/],
] as const;

const locks = [
  ["Tidpunkt", /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/],
  ["LåsId", /^.+$/],
  ["Brukarnr", /^\d*$/],
  ["Personalnr", /^\d*$/],
  ["Händelse", /^(Öppnad|Låst|Misslyckad)$/],
  ["Telefon", /^.*$/],
] as const;

/** What in a file is not as the interface says; rows of sums and repeated headers are known to occur. */
export function faultsOfFile(name: string, content: Buffer): string[] {
  const columns = name.startsWith("laslogg") ? locks : visits;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    text = content.toString("latin1");
  }
  const faults: string[] = [];
  const header = columns.map(([column]) => `"${column}"`).join(";");
  const lines = text.split("\r\n");
  if (lines[0] !== header) faults.push("the header is another");
  if (lines.pop() !== "") faults.push("the last line has no end");
  for (const [index, line] of lines.entries()) {
    if (line === header || line.startsWith('"Summa";')) continue;
    const cells = line.slice(1, -1).split('";"');
    if (!line.startsWith('"') || !line.endsWith('"')) faults.push(`line ${index + 1}: a field is not quoted`);
    if (cells.length !== columns.length) faults.push(`line ${index + 1}: ${cells.length} fields`);
    for (const [at, [column, pattern]] of columns.entries()) {
      if (!pattern.test(cells[at] ?? "")) faults.push(`line ${index + 1}: ${column}`);
    }
  }
  return faults;
}

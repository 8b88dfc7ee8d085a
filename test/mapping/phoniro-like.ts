import { z } from "zod";

const column = z.string().optional();
const columns =
  "BesöksId;Enhet;Utförare;Brukarnr;Personnummer;Besöksdatum;Starttid;Sluttid;Längd;Insatser;Beviljad tid;Planerad start;Planerad slut;Personal;Personalnr;Kvittens start;Kvittens slut;Avböjt;Orsak;Dubbelbemanning;Godkänd;Godkänd av;Ursprunglig start;Ursprunglig slut;Ändrad av;Ändrad tid;Kommentar;Telefon;Registrerad".split(
    ";",
  );

/** A record of thirty columns, all text, as a CSV file has them. */
export const visitRow = z.object(Object.fromEntries(columns.map((name) => [name, column])));

export const visitMapping = `source: phoniro/visits
version: 1
rows:
  - entity: visits
    id: BesöksId
    version: { from: Ändrad tid, as: local-time }
    fields:
      clientId: { from: Personnummer, as: identity-ref }
      unitId: Enhet
      staffId: Personalnr
      start: { from: Starttid, as: local-time, date: Besöksdatum }
      end: { from: Sluttid, as: local-time, date: Besöksdatum, after: start }
      status:
        cases:
          - { when: { field: Avböjt, oneOf: [J, j] }, value: declined }
          - { value: completed }
      services: { from: Insatser, as: list, separator: ",", then: { as: code, table: services } }
      declinedReason: Orsak
      startProof: { from: Kvittens start, as: code, table: proof }
      endProof: { from: Kvittens slut, as: code, table: proof }
      doubleStaffing: Dubbelbemanning
      approvedByManager: Godkänd
      originalStart: { from: Ursprunglig start, as: local-time, date: Besöksdatum }
      originalEnd: { from: Ursprunglig slut, as: local-time, date: Besöksdatum, after: originalStart }
      editedAt: { from: Ändrad tid, as: local-time }
      editedBy: Ändrad av
      deviceId: Telefon
      receivedAt: { from: Registrerad, as: local-time }
  - entity: planned-visits
    when: { field: Planerad start, present: true }
    id: { join: [BesöksId], with: "-" }
    fields:
      clientId: { from: Personnummer, as: identity-ref }
      unitId: Enhet
      start: { from: Planerad start, as: local-time, date: Besöksdatum }
      end: { from: Planerad slut, as: local-time, date: Besöksdatum, after: start }
ignore: [Utförare, Brukarnr, Längd, Beviljad tid, Personal, Godkänd av, Kommentar]
`;

export const codeTables = [
  {
    path: "mappings/codes/services.yaml",
    text: "version: 1\ncodes: { Dusch: dusch, Städ: stad, Omvårdnad: omvardnad }\n",
  },
  {
    path: "mappings/codes/proof.yaml",
    text: "version: 1\ncodes: { Lås: lock, NFC: nfc, Manuell: manual, Telefon: phone }\n",
  },
];

export const visitRecord: Record<string, string> = {
  BesöksId: "v-1",
  Enhet: "U3",
  Utförare: "P3",
  Brukarnr: "1017",
  Personnummer: "18820112-2382",
  Besöksdatum: "2026-10-05",
  Starttid: "07:05",
  Sluttid: "07:35",
  Längd: "30",
  Insatser: "Dusch, Städ",
  "Beviljad tid": "0,50",
  "Planerad start": "07:00",
  "Planerad slut": "07:30",
  Personal: "",
  Personalnr: "4711",
  "Kvittens start": "Lås",
  "Kvittens slut": "NFC",
  Avböjt: "N",
  Orsak: "",
  Dubbelbemanning: "N",
  Godkänd: "J",
  "Godkänd av": "",
  "Ursprunglig start": "07:04",
  "Ursprunglig slut": "07:35",
  "Ändrad av": "4711",
  "Ändrad tid": "2026-10-05 15:12",
  Kommentar: "",
  Telefon: "0700-17",
  Registrerad: "2026-10-05 07:36:12",
};

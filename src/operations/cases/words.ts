import type { CaseState, OutcomeName, Refusal, StepKind, SubjectKind } from "#case";
import { type EntityName, entities, formatDay, formatLocal } from "#model";
import type { FieldValue, Reminder } from "./types.ts";

/** Swedish words of cases, in one place, so that every page calls the same thing the same. */
export const caseStateNames: Readonly<Record<CaseState, string>> = {
  new: "Nytt",
  "under-review": "Under granskning",
  "explanation-requested": "Förklaring begärd",
  "explanation-received": "Förklaring inkommen",
  "decision-proposed": "Beslut föreslaget",
  decided: "Beslutat",
  closed: "Avslutat",
};

export const subjectKindNames: Readonly<Record<SubjectKind, string>> = {
  staff: "Personal",
  client: "Brukare",
  unit: "Enhet",
  provider: "Utförare",
  source: "Källa",
};

export const outcomeTexts: Readonly<Record<OutcomeName, { title: string; means: string }>> = {
  "no-error": { title: "Inget fel", means: "Förklaringen räcker. Fynden räknas som förklarade." },
  "corrected-at-source": { title: "Rättat i källan", means: "Utföraren har rättat uppgifterna i sitt system." },
  "data-fault": { title: "Fel i data", means: "Uppgifterna är fel, men ingen har gjort något fel." },
  "unbilled-acknowledged": {
    title: "Ofakturerat, noterat",
    means: "Utfört men inte fakturerat. Utföraren vet om det.",
  },
  "cut-back": { title: "Ersättningen sänks", means: "Det som inte kan styrkas betalas inte ut." },
  repayment: { title: "Återkrav", means: "Utföraren ska betala tillbaka. En kollega måste godkänna." },
  "action-plan": { title: "Åtgärdsplan", means: "Utföraren ska åtgärda bristen till ett visst datum." },
  "written-warning": { title: "Skriftlig varning", means: "Varning enligt avtalet. En kollega måste godkänna." },
  termination: { title: "Uppsägning av avtal", means: "Avtalet sägs upp. En kollega måste godkänna." },
  "police-report": {
    title: "Polisanmälan",
    means: "Misstanke om brott anmäls. Kräver rättslig bedömning och att en kollega godkänner.",
  },
  "nothing-further": { title: "Ingen ytterligare åtgärd", means: "Ärendet avslutas utan ställningstagande." },
};

export const stepNames: Readonly<Record<StepKind, string>> = {
  take: "Ta ärendet",
  assign: "Tilldela",
  comment: "Kommentera",
  attach: "Bifoga fil",
  judge: "Bedöm fynd",
  snooze: "Lägg åt sidan",
  wake: "Ta fram igen",
  "request-explanation": "Begär förklaring",
  "receive-explanation": "Registrera förklaring",
  propose: "Föreslå beslut",
  approve: "Godkänn beslutet",
  reject: "Avslå förslaget",
  withdraw: "Ta tillbaka förslaget",
  close: "Avsluta ärendet",
  reopen: "Öppna igen",
};

/** Why a step was refused, and what to do. */
export const refusalTexts: Readonly<Record<Refusal, string>> = {
  permission: "Din roll får inte göra detta.",
  state: "Ärendet har gått vidare och tillåter inte detta längre. Läs om sidan.",
  "own-proposal": "Du har själv föreslagit beslutet. En kollega måste godkänna eller avslå det.",
  "others-proposal": "Bara den som föreslog beslutet kan ta tillbaka det.",
  "not-heard": "Utföraren måste först få förklara sig. Begär en förklaring, eller vänta tills svarstiden har gått ut.",
  reason: "Skriv en motivering.",
  "legal-analysis": "Skriv den rättsliga bedömningen.",
  deadline: "Välj ett datum efter i dag.",
  amount: "Ange ett belopp större än noll.",
};

/** What happened, in the history of a case. */
export const eventNames: Readonly<Record<string, string>> = {
  opened: "Ärendet öppnades",
  joined: "Nya fynd kom till",
  changed: "Underlaget för fynd ändrades",
  gone: "Fynd försvann",
  returned: "Fynd kom tillbaka",
  take: "Tog ärendet",
  assign: "Tilldelade ärendet",
  comment: "Kommentar",
  attach: "Bifogade en fil",
  judge: "Bedömde fynd",
  snooze: "Lade ärendet åt sidan",
  wake: "Tog fram ärendet igen",
  "request-explanation": "Begärde förklaring",
  "receive-explanation": "Förklaring kom in",
  propose: "Föreslog beslut",
  decide: "Beslutade",
  approve: "Godkände beslutet",
  reject: "Avslog förslaget",
  withdraw: "Tog tillbaka förslaget",
  close: "Avslutade ärendet",
  "closed-itself": "Ärendet avslutades av sig självt",
  reopen: "Öppnade ärendet igen",
  undo: "Ångrade",
};

/** As what a finding is gone from its case. */
export const goneTexts: Readonly<Record<string, string>> = {
  "corrected-at-source": "Rättat i källan",
  "rule-changed": "Regeln ändrad",
  "on-trial": "Regeln på prov",
  excepted: "Undantaget",
};

export const reminderTexts: Readonly<Record<Reminder["kind"], string>> = {
  "explanation-overdue": "Svarstiden har gått ut",
  "explanation-due": "Svarstiden går snart ut",
  "action-overdue": "Åtgärden skulle ha varit klar",
  "action-due": "Åtgärden ska snart vara klar",
  answer: "En förklaring väntar på att läsas",
  snooze: "Ärendet var lagt åt sidan till i dag",
  approval: "Ett förslag väntar på din prövning",
};

export const entityName = (entity: EntityName): string => entities[entity].sv;

/** What fields of records are called. */
export const fieldNames: Readonly<Record<string, string>> = {
  acceptedAt: "Bekräftad",
  addressBuildingId: "Byggnad",
  addresses: "Adresser",
  amountOre: "Belopp",
  approvedByManager: "Godkänt av chef",
  approvedByStaff: "Godkänt av personal",
  at: "Tid",
  away: "Utanför hemmet",
  band: "Prisband",
  birthDate: "Födelsedatum",
  breakMinutes: "Rast, minuter",
  cancelled: "Inställt",
  clientId: "Brukare",
  clientParticipated: "Brukaren deltog",
  code: "Kod",
  correctsId: "Rättar fakturarad",
  deceasedOn: "Avliden",
  decidedOn: "Beslutat",
  decisionId: "Beslut",
  declinedNotifiedAt: "Avbokat",
  declinedReason: "Skäl till avböjt",
  deviceId: "Enhet (telefon)",
  doubleStaffing: "Dubbelbemanning",
  editedAt: "Ändrat",
  editedBy: "Ändrat av",
  editReason: "Skäl till ändring",
  employedFrom: "Anställd från",
  employedTo: "Anställd till",
  end: "Slut",
  endAccuracyMetres: "Noggrannhet vid slut, meter",
  endLatitude: "Latitud vid slut",
  endLongitude: "Longitud vid slut",
  endProof: "Styrkt vid slut",
  endTag: "Tagg vid slut",
  establishedOn: "Upprättad",
  event: "Händelse",
  followUpOn: "Följs upp",
  from: "Från",
  grantedMinutesPerMonth: "Beviljade minuter per månad",
  groupCode: "Grupp",
  householdId: "Hushåll",
  hsaId: "HSA-id",
  invoiceId: "Faktura",
  kind: "Slag",
  law: "Lag",
  lockId: "Lås",
  minutes: "Minuter",
  modifiedAt: "Ändrad",
  movedOn: "Flyttade",
  name: "Namn",
  notifiedAt: "Meddelat",
  occurredAt: "Inträffade",
  orderedAt: "Beställd",
  orderId: "Beställning",
  organisationNumber: "Organisationsnummer",
  originalEnd: "Slut, först registrerat",
  originalStart: "Start, först registrerad",
  partOfDay: "Del av dagen",
  per: "Per",
  permitFrom: "Tillstånd från",
  permitTo: "Tillstånd till",
  personalIdentityNumber: "Personnummer",
  planned: "Planerad",
  plannedVisitId: "Planerat besök",
  priceGroup: "Prisgrupp",
  protection: "Skyddade uppgifter",
  providerId: "Utförare",
  quantity: "Antal",
  receivedAt: "Kom in",
  reference: "Avtal",
  regime: "Regi",
  reportedAt: "Rapporterad",
  service: "Insats",
  services: "Insatser",
  staffId: "Personal",
  staffing: "Bemanning",
  start: "Start",
  startAccuracyMetres: "Noggrannhet vid start, meter",
  startLatitude: "Latitud vid start",
  startLongitude: "Longitud vid start",
  startProof: "Styrkt vid start",
  startTag: "Tagg vid start",
  status: "Status",
  terms: "Villkor",
  times: "Gånger",
  to: "Till",
  transport: "Färdsätt",
  travelMinutes: "Restid, minuter",
  unit: "Mått",
  unitId: "Enhet",
  unitIds: "Enheter",
  unitPriceOre: "Pris",
  validFrom: "Gäller från",
  validTo: "Gäller till",
  weekdays: "Veckodagar",
};

/** What the codes of enumerated fields mean. */
export const codeNames: Readonly<Record<string, string>> = {
  accepted: "bekräftad",
  afternoon: "eftermiddag",
  alarm: "larm",
  any: "när som helst",
  away: "bortrest",
  bicycle: "cykel",
  bluetooth: "Bluetooth",
  cancelled: "inställt",
  car: "bil",
  care: "omvårdnad",
  charge: "debitering",
  completed: "utfört",
  confidential: "sekretessmarkering",
  credit: "kredit",
  day: "dag",
  declined: "avböjt",
  electricBicycle: "elcykel",
  ended: "avslutad",
  escort: "ledsagning",
  evening: "kväll",
  failed: "misslyckades",
  fortnight: "två veckor",
  gps: "GPS",
  hospital: "sjukhus",
  household: "service",
  leave: "ledighet",
  lock: "lås",
  locked: "låst",
  manual: "för hand",
  meal: "måltid",
  midday: "mitt på dagen",
  month: "månad",
  morning: "morgon",
  municipal: "kommunal",
  nfc: "NFC-tagg",
  night: "natt",
  nightWatch: "nattillsyn",
  noAnswer: "ingen öppnade",
  none: "inget",
  nursing: "hälso- och sjukvård",
  once: "en gång",
  opened: "öppnat",
  other: "annat",
  phone: "telefon",
  private: "privat",
  protectedRegistration: "skyddad folkbokföring",
  publicTransport: "kollektivtrafik",
  registered: "registrerad",
  respite: "avlösning",
  sent: "skickad",
  shortTermStay: "korttidsboende",
  sick: "sjuk",
  started: "påbörjat",
  walking: "gång",
  week: "vecka",
  work: "arbete",
};

/** Of a position every decimal counts. */
export const fieldNumber = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 6 });

/** A field of a record as people read it; `person` says who somebody is to the reader. */
export function fieldText(value: FieldValue, person: (who: "client" | "staff", id: string) => string): string {
  switch (value.kind) {
    case "text":
      return value.text;
    case "code":
      return codeNames[value.text] ?? value.text;
    case "number":
      return fieldNumber.format(value.number);
    case "instant":
      return formatLocal(value.at);
    case "date":
      return formatDay(value.day);
    case "boolean":
      return value.yes ? "ja" : "nej";
    case "person":
      return person(value.who, value.id);
  }
}
